// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/image_owners.h"

#include "base/image_source.h"
#include "checkers/btrfs_owners.h"
#include "checkers/claimed_owners.h"
#include "checkers/f2fs_owners.h"
#include "checkers/xfs_owners.h"

#include <array>
#include <cstring>
#include <string_view>

namespace powercut {

namespace {

using OwnersResult = Result<std::unique_ptr<const BlockOwners>>;

struct FileSystem {
  std::uint64_t offset_bytes;
  std::string_view magic;
  // nullptr: it is read in process.
  OwnersResult (*read)(const std::filesystem::path& image, const BlockSource& disk,
                       const std::filesystem::path& scratch);
};

OwnersResult read_xfs(const std::filesystem::path& image, const BlockSource& disk,
                      const std::filesystem::path& /*scratch*/) {
  return read_xfs_owners(image, disk.size_bytes());
}

OwnersResult read_btrfs(const std::filesystem::path& image, const BlockSource& disk,
                        const std::filesystem::path& /*scratch*/) {
  return read_btrfs_owners(image, disk.size_bytes());
}

constexpr std::array<FileSystem, 4> kFileSystems = {{
    {1024 + 56, "\x53\xef", nullptr},
    {0, "XFSB", &read_xfs},
    {65536 + 64, "_BHRfS_M", &read_btrfs},
    {1024, "\x10\x20\xf5\xf2", &read_f2fs_owners},
}};

const FileSystem* file_system_of(const BlockSource& disk) {
  for (const FileSystem& known : kFileSystems) {
    std::array<std::byte, 8> bytes{};
    const std::size_t length = known.magic.size();
    if (known.offset_bytes + length > disk.size_bytes()) {
      continue;
    }
    disk.read(known.offset_bytes, std::span(bytes).first(length));
    if (std::memcmp(bytes.data(), known.magic.data(), length) == 0) {
      return &known;
    }
  }
  return nullptr;
}

}  // namespace

bool owners_need_image(const BlockSource& disk) {
  const FileSystem* const known = file_system_of(disk);
  return known != nullptr && known->read != nullptr;
}

OwnersResult read_block_owners_of_image(const std::filesystem::path& image,
                                        const std::filesystem::path& scratch) {
  PC_ASSIGN_OR_RETURN(const auto source, ImageSource::open(image));
  const FileSystem* const known = file_system_of(*source);
  if (known == nullptr || known->read == nullptr) {
    return read_block_owners(*source);
  }
  OwnersResult owners = known->read(image, *source, scratch);
  if (owners || owners.error().kind == ErrorKind::kInterrupted) {
    return owners;
  }
  const std::string& reason = owners.error().message;
  return unknown_owners(reason, {"what lies where is not told: " + reason});
}

}  // namespace powercut
