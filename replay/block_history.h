// SPDX-License-Identifier: GPL-2.0-only
//
// What happened to one block of a device: every write over it, in the order of the log,
// what each put there, and which of them a state shows.

#pragma once

#include "replay/crash_state.h"
#include "replay/range_set.h"

#include <string>
#include <vector>

namespace powercut {

struct BlockWrite {
  WriteIndex write = kNoWrite;
  ByteRange range;     // the part of it that lies in the block
  std::string digest;  // of that part as the write has it: 16 digits, or "zeros"
};

// What a state shows of a block.
struct BlockContent {
  std::vector<WriteIndex> writes;  // ascending
  bool base = false;               // what was there before the recording
  bool garbage = false;            // left by a fault
  std::string digest;              // of the whole block
};

// A block is a power of two of at least 512 bytes at a multiple of itself, and lies on
// the device. All writes of the log, those behind any cut too.
std::vector<BlockWrite> writes_over(const Recording& recording, std::uint16_t device,
                                    std::uint64_t offset_bytes,
                                    std::uint64_t length_bytes);

// The same place in a state; a block that reaches behind the end of the device ends
// there.
BlockContent content_in(const CrashState& state, std::uint16_t device,
                        std::uint64_t offset_bytes, std::uint64_t length_bytes);

// XXH3-64 as 16 digits; "zeros" of bytes that are all zero.
std::string content_digest(std::span<const std::byte> bytes);

}  // namespace powercut
