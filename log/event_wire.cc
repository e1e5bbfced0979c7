// SPDX-License-Identifier: GPL-2.0-only

#include "log/event_wire.h"

#include "base/ensure.h"
#include "kernel/log-writes/log_format.h"
#include "log/wire.h"

#include <array>
#include <cstring>

namespace powercut {

namespace {

struct EventFlag {
  std::uint32_t bit;
  bool Event::*member;
};

constexpr std::array kEventFlags = {
    EventFlag{PC_EVENT_FUA, &Event::fua},
    EventFlag{PC_EVENT_META, &Event::meta},
    EventFlag{PC_EVENT_SYNC, &Event::sync},
    EventFlag{PC_EVENT_NOUNMAP, &Event::nounmap},
    EventFlag{PC_EVENT_UNSTABLE, &Event::unstable},
    EventFlag{PC_EVENT_SECURE, &Event::secure},
};

EventType type_of(std::uint8_t type) {
  switch (type) {
    case PC_EVENT_SUBMIT:
      return EventType::kSubmit;
    case PC_EVENT_COMPLETE:
      return EventType::kComplete;
    case PC_EVENT_MARK:
      return EventType::kMark;
    default:
      return EventType::kRead;
  }
}

std::uint8_t type_of(EventType type) {
  switch (type) {
    case EventType::kSubmit:
      return PC_EVENT_SUBMIT;
    case EventType::kComplete:
      return PC_EVENT_COMPLETE;
    case EventType::kMark:
      return PC_EVENT_MARK;
    case EventType::kRead:
      return PC_EVENT_READ;
  }
  return 0;
}

// Op has the numbers of PC_OP_*.
static_assert(static_cast<int>(Op::kWrite) == PC_OP_WRITE &&
              static_cast<int>(Op::kFlush) == PC_OP_FLUSH &&
              static_cast<int>(Op::kDiscard) == PC_OP_DISCARD &&
              static_cast<int>(Op::kWriteZeroes) == PC_OP_WRITE_ZEROES &&
              static_cast<int>(Op::kRead) == PC_OP_READ);

}  // namespace

Event decode_event(const pc_event& raw, std::uint64_t seq, std::uint64_t data_position,
                   std::span<const std::byte> file) {
  Event event;
  event.seq = seq;
  event.type = type_of(raw.type);
  event.op = static_cast<Op>(raw.op);
  event.device = from_le<std::uint16_t>(raw.device);
  event.offset_bytes = from_le<std::uint64_t>(raw.offset_bytes);
  event.length_bytes = from_le<std::uint64_t>(raw.length_bytes);
  event.time_ns = from_le<std::uint64_t>(raw.time_ns);
  event.pid = from_le<std::uint32_t>(raw.pid);
  const std::uint32_t flags = from_le<std::uint32_t>(raw.flags);
  for (const EventFlag& flag : kEventFlags) {
    event.*flag.member = (flags & flag.bit) != 0;
  }
  const std::uint64_t data = data_position + from_le<std::uint64_t>(raw.data_offset);
  if (event.type == EventType::kComplete) {
    event.status = from_le<std::uint32_t>(raw.status);
    event.ref_seq = from_le<std::uint64_t>(raw.u.done.ref_seq);
  } else {
    std::memcpy(event.comm.data(), raw.u.comm, PC_COMM_BYTES);
  }
  if (event.type == EventType::kMark) {
    event.text = {reinterpret_cast<const char*>(file.data()) + data, event.length_bytes};
  } else if (event.unstable ||
             (event.type == EventType::kSubmit && event.op == Op::kWrite)) {
    event.data_pos = data;
    event.data_bytes = event.length_bytes;
  }
  return event;
}

pc_event encode_event(const Event& event, std::uint64_t data_offset) {
  pc_event raw{};
  raw.type = type_of(event.type);
  raw.op = static_cast<std::uint8_t>(event.op);
  raw.device = to_le<std::uint16_t>(event.device);
  raw.offset_bytes = to_le<std::uint64_t>(event.offset_bytes);
  raw.length_bytes = to_le<std::uint64_t>(event.length_bytes);
  raw.data_offset = to_le<std::uint64_t>(data_offset);
  raw.time_ns = to_le<std::uint64_t>(event.time_ns);
  raw.pid = to_le<std::uint32_t>(event.pid);
  std::uint32_t flags = 0;
  for (const EventFlag& flag : kEventFlags) {
    flags |= event.*flag.member ? flag.bit : 0;
  }
  raw.flags = to_le<std::uint32_t>(flags);
  if (event.type == EventType::kComplete) {
    raw.status = to_le<std::uint32_t>(event.status);
    raw.u.done.ref_seq = to_le<std::uint64_t>(event.ref_seq);
    raw.u.done.reserved = 0;
  } else {
    std::memcpy(raw.u.comm, event.comm.data(), PC_COMM_BYTES);
  }
  return raw;
}

}  // namespace powercut
