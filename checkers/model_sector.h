// SPDX-License-Identifier: GPL-2.0-only
//
// What the models of block-device stacks (docs/models.md) write into a sector of data: a
// stamp (base/stamp.h) that says what it is, of which sector of the modelled device, and
// of which write. So whatever turns up anywhere is known for what it is. No metadata.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace powercut {

struct ModelSector {
  enum class Kind {
    kSource,  // what the source of a clone holds there
    kWrite,   // of the write, or the transaction, `number`
    kPoison,  // what was there before anything was written
    kZeros,
    kOther,  // none of these
  };

  Kind kind = Kind::kOther;
  std::uint64_t sector = 0;  // of the modelled device, of 512 bytes
  std::uint64_t number = 0;

  bool operator==(const ModelSector&) const = default;
};

// The bytes of `count` sectors from `first.sector` on; not of kOther.
std::vector<std::byte> model_data(const ModelSector& first, std::uint64_t count);

// `bytes` is one sector.
ModelSector read_model_sector(std::span<const std::byte> bytes);

// "write 3 of sector 17", "poison", "zeros", ...
std::string to_text(const ModelSector& sector);

}  // namespace powercut
