// SPDX-License-Identifier: GPL-2.0-only
//
// What a log says happened, in either format: devices, and events in one order.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace powercut {

// A recorded device, as the log's device table describes it. A format-1 log has one
// device of unknown size, called "device".
struct Device {
  std::string name;
  std::uint64_t size_bytes = 0;  // 0: unknown (format 1)
  std::uint32_t logical_block_bytes = 512;
  std::uint32_t physical_block_bytes = 512;
  std::uint32_t domain = 0;  // flush domain: devices of one domain share one cache
  std::uint32_t discard_granularity_bytes = 0;
  bool write_cache = true;
  bool fua = true;
  bool discard = false;
  bool discard_zeroes = false;
  bool write_zeroes = false;
  bool bounce = false;
  bool observe = false;
  bool logs_reads = false;
  bool has_base = false;          // recorded over an image with content
  std::uint64_t base_digest = 0;  // XXH3-64 of that image
  std::uint64_t attach_seq = 0;
};

enum class EventType : std::uint8_t {
  kSubmit,
  kComplete,
  kMark,
  kRead,
};

enum class Op : std::uint8_t {
  kNone,
  kWrite,
  kFlush,
  kDiscard,
  kWriteZeroes,
  kRead,
};

// "write", "flush", ...
std::string_view to_string(Op op);

// One event. Passive data; the text and the data of an event stay in the mapped log.
//
// seq is the number a user names the event by: in format 2 the log's sequence number
// (0, 1, 2, ... without a gap); in format 1 the entry's index, shared by the submission
// and the completion that the reader makes of one entry.
struct Event {
  std::uint64_t seq = 0;
  EventType type = EventType::kSubmit;
  Op op = Op::kNone;
  std::uint16_t device = 0;
  bool fua = false;  // of a write; a flush may carry it too, where it means nothing
  bool meta = false;
  bool sync = false;
  bool nounmap = false;
  bool secure = false;
  bool unstable = false;      // of a completion: data_pos holds what was there then
  std::uint32_t status = 0;   // of a completion: 0 or a positive errno
  std::uint64_t ref_seq = 0;  // of a completion: seq of its submission
  // On the device; a completion repeats those of its submission. A flush has length 0,
  // and may have the offset of the write that it was carved out of.
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;  // of a mark: of its text
  std::uint64_t data_pos = 0;      // byte position of the data in the log file
  std::uint64_t data_bytes = 0;    // 0 where the event has no data
  std::uint64_t time_ns = 0;
  std::uint32_t pid = 0;
  std::array<char, 16> comm{};  // NUL-padded, not NUL-terminated when full
  std::string_view text;        // of a mark; lives as long as the log
};

// The submitter's name up to its first NUL.
std::string_view comm_of(const Event& event);

}  // namespace powercut
