// SPDX-License-Identifier: GPL-2.0-only
//
// The device-mapper target log-writes: its table line, its messages, and whether the
// kernel has it. Upstream's (version 1) writes format 1 and knows marks; ours (version 2,
// kernel/log-writes) knows all of this.

#pragma once

#include "base/result.h"
#include "device/device_mapper.h"
#include "device/log_status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace powercut {

inline constexpr const char* kLogTarget = "log-writes";
inline constexpr const char* kLogTargetModule = "dm-log-writes";

enum class LogFull {
  kError,  // writes fail: what cannot be recorded must not happen
  kStop,   // writes pass unrecorded
};

// When a flush or FUA write is told as done.
enum class LogAck {
  kLog,     // when the log has it: what was promised to anybody is in the log
  kDevice,  // when the device has done it: faster; a recorder that dies may lose it
};

// The words of a table line. With the defaults it is a line that upstream takes too.
struct LogTargetOptions {
  std::string target = kLogTarget;  // the module's parameter `name`
  std::uint32_t format = 1;
  std::uint32_t domain = 0;  // devices of one domain share one volatile cache
  std::string name;          // of the device, in the log; format 2; empty: its number
  bool observe = false;      // false: what is sent down is a copy of what is logged
  std::optional<LogFull> on_full;
  std::optional<LogAck> ack;  // default: kDevice in format 1, kLog in format 2
  bool log_reads = false;
  std::optional<std::uint32_t> memory_mib;
  bool power_fail = false;
};

// "8:16 8:32", or "8:16 8:32 3 format 2 log_reads". The devices are as the kernel takes
// them: numbers, or paths without blanks.
std::string log_target_parameters(const LogTargetOptions& options,
                                  std::string_view device, std::string_view log);

// True if the line has words that upstream's target does not know.
bool needs_version_2(const LogTargetOptions& options);

// Loads the module if the target is missing. An Error of kind kMissing says what is
// there instead, and what to do. Returns the target's version.
Result<DmVersion> require_log_target(const LogTargetOptions& options);

// Escapes a text as one argument of a message.
std::string escape_message(std::string_view text);

// Puts a mark into the log of device `name`; version 2 returns when it is durable.
Status send_log_mark(const std::string& name, std::string_view text);

// Waits until all events so far are in the log. Version 2.
Status sync_log(const std::string& name);

// When the power of a device fails, which recorded completions count as before.
struct PowerFail {
  enum class When { kNow, kFlush, kFua, kAfterFlush };
  enum class How {
    kEio,   // later writes fail
    kDrop,  // later writes seem to succeed, and are lost
  };
  When when = When::kNow;
  std::uint64_t count = 1;  // of the flush or FUA write, from 1; not for kNow
  How how = How::kEio;
};

// "powerfail flush 3 eio".
std::string power_fail_message(const PowerFail& fail);

// Version 2, with power_fail in the table line.
Status fail_power(const std::string& name, const PowerFail& fail);
Status heal_power(const std::string& name);

// The status of device `name`; an Error if it is of another target.
Result<LogStatus> log_status(const std::string& name, const std::string& target);

}  // namespace powercut
