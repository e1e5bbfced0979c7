// SPDX-License-Identifier: GPL-2.0-only
//
// Where logical addresses of a btrfs are on one of its devices: chunks in one piece, with
// copies, or striped.

#pragma once

#include "checkers/btrfs_dump.h"
#include "replay/range_set.h"

#include <cstdint>
#include <vector>

namespace powercut {

class BtrfsChunks {
 public:
  struct Place {
    ByteRange range;            // on the device
    std::uint64_t logical = 0;  // of its first byte
  };

  BtrfsChunks(std::vector<BtrfsChunk> chunks, std::uint64_t device);

  // All places of a logical range on this device; none of what is on others. At most some
  // hundred thousand.
  std::vector<Place> places(std::uint64_t logical, std::uint64_t length) const;

  // What belongs to chunks on this device.
  std::vector<ByteRange> used() const;

  // There are chunks of which nothing is told: with parity, or of a kind not known.
  bool has_unknown() const { return unknown_; }

 private:
  void add_striped(const BtrfsChunk& chunk, std::uint64_t begin, std::uint64_t end,
                   std::uint64_t copies, std::vector<Place>& places) const;

  std::vector<BtrfsChunk> chunks_;  // by logical address
  std::uint64_t device_;
  bool unknown_ = false;
};

}  // namespace powercut
