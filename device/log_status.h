// SPDX-License-Identifier: GPL-2.0-only
//
// What the device-mapper target log-writes says of itself, read from its status text.

#pragma once

#include "base/result.h"

#include <cstdint>
#include <string_view>

namespace powercut {

enum class LogTargetState {
  kIdle,     // nothing was written to the log device yet
  kLogging,  // all that happens is recorded
  kFull,     // the log is full: writes fail
  kStopped,  // the log is full: writes pass unrecorded
  kFailed,   // the log device failed (upstream: failed or full)
};

enum class LogTargetPower { kOn, kEio, kDrop };

struct LogStatus {
  std::uint64_t entries = 0;
  std::uint64_t next_sector = 0;  // of the log, of 512 bytes
  std::uint32_t format = 1;
  std::uint64_t used_bytes = 0;  // of the log; this and all below: 0 from upstream's
  std::uint64_t free_bytes = 0;
  std::uint64_t next_seq = 0;
  std::uint64_t queued = 0;  // events that are not in the log yet
  std::uint64_t memory_bytes = 0;
  std::uint64_t memory_limit_bytes = 0;
  std::uint64_t errors = 0;
  std::uint64_t unstable = 0;  // writes whose data changed in flight
  LogTargetState state = LogTargetState::kLogging;
  LogTargetPower power = LogTargetPower::kOn;
};

// Upstream's "<entries> <sector>[ logging_disabled]", or version 2's, which goes on with
// names and values. Names that are not known are passed over, with one value each.
Result<LogStatus> parse_log_status(std::string_view text);

std::string_view to_string(LogTargetState state);

}  // namespace powercut
