// SPDX-License-Identifier: GPL-2.0-only

#include "log/event.h"

#include <algorithm>

namespace powercut {

std::string_view to_string(Op op) {
  switch (op) {
    case Op::kNone:
      return "none";
    case Op::kWrite:
      return "write";
    case Op::kFlush:
      return "flush";
    case Op::kDiscard:
      return "discard";
    case Op::kWriteZeroes:
      return "write-zeroes";
    case Op::kRead:
      return "read";
  }
  return "unknown";
}

std::string_view comm_of(const Event& event) {
  const auto* end = std::find(event.comm.begin(), event.comm.end(), '\0');
  return {event.comm.data(), static_cast<std::size_t>(end - event.comm.begin())};
}

}  // namespace powercut
