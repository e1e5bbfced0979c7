// SPDX-License-Identifier: GPL-2.0-only

#include "log/event_text.h"

#include <fmt/format.h>

#include <utility>

namespace powercut {

namespace {

std::string flags_of(const Event& event) {
  std::string flags;
  for (const auto& [set, name] :
       {std::pair{event.fua, " FUA"}, std::pair{event.meta, " META"},
        std::pair{event.sync, " SYNC"}, std::pair{event.nounmap, " NOUNMAP"},
        std::pair{event.secure, " SECURE"}, std::pair{event.unstable, " UNSTABLE"}}) {
    flags += set ? name : "";
  }
  return flags;
}

}  // namespace

std::string event_text(const Event& event, bool entries) {
  if (event.type == EventType::kMark) {
    return fmt::format("{:>8} mark {}", event.seq, event.text);
  }
  if (event.type == EventType::kComplete) {
    const std::string status =
        event.status == 0 ? "" : fmt::format(" errno {}", event.status);
    return fmt::format("{:>8} done  {} of {}{}{}", event.seq, to_string(event.op),
                       event.ref_seq, status, flags_of(event));
  }
  std::string who;
  if (event.pid != 0) {
    who = fmt::format(" by {} {}", event.pid, comm_of(event));
  }
  if (event.op == Op::kFlush) {
    return fmt::format("{:>8} {}{}", event.seq, to_string(event.op), who);
  }
  return fmt::format("{:>8} {} dev {} offset {} length {}{}{}", event.seq,
                     to_string(event.op), event.device, event.offset_bytes,
                     event.length_bytes, flags_of(event), entries ? "" : who);
}

}  // namespace powercut
