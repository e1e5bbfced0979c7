// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/model_sector.h"

#include "base/ensure.h"
#include "base/stamp.h"

#include <fmt/format.h>

#include <algorithm>

namespace powercut {

namespace {

// A stamp's inode is the kind, counted from 1.
constexpr std::uint64_t kFirstKind = 1;

std::uint64_t inode_of(ModelSector::Kind kind) {
  return kFirstKind + static_cast<std::uint64_t>(kind);
}

}  // namespace

std::vector<std::byte> model_data(const ModelSector& first, std::uint64_t count) {
  PC_ENSURE(first.kind != ModelSector::Kind::kOther, "nobody writes what is unknown");
  std::vector<std::byte> data(count * kStampBytes);
  for (std::uint64_t i = 0; i < count && first.kind != ModelSector::Kind::kZeros; ++i) {
    Stamp stamp;
    stamp.inode = inode_of(first.kind);
    stamp.offset_bytes = (first.sector + i) * kStampBytes;
    stamp.sequence = first.number;
    write_stamp(stamp, std::span(data).subspan(i * kStampBytes, kStampBytes));
  }
  return data;
}

ModelSector read_model_sector(std::span<const std::byte> bytes) {
  Stamp stamp;
  ModelSector sector;
  if (read_stamp(bytes, stamp) == StampKind::kWhole && stamp.inode >= kFirstKind &&
      stamp.inode < inode_of(ModelSector::Kind::kZeros)) {
    sector.kind = static_cast<ModelSector::Kind>(stamp.inode - kFirstKind);
    sector.sector = stamp.offset_bytes / kStampBytes;
    sector.number = stamp.sequence;
  } else if (std::all_of(bytes.begin(), bytes.end(),
                         [](std::byte b) { return b == std::byte{0}; })) {
    sector.kind = ModelSector::Kind::kZeros;
  }
  return sector;
}

std::string to_text(const ModelSector& sector) {
  switch (sector.kind) {
    case ModelSector::Kind::kSource:
      return fmt::format("sector {} of the source", sector.sector);
    case ModelSector::Kind::kWrite:
      return fmt::format("write {} of sector {}", sector.number, sector.sector);
    case ModelSector::Kind::kPoison:
      return "poison";
    case ModelSector::Kind::kZeros:
      return "zeros";
    case ModelSector::Kind::kOther:
      break;
  }
  return "bytes that nobody wrote";
}

}  // namespace powercut
