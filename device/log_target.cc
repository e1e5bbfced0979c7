// SPDX-License-Identifier: GPL-2.0-only

#include "device/log_target.h"

#include "base/subprocess.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace powercut {
namespace {

constexpr std::chrono::seconds kModprobeTimeout{30};
constexpr std::size_t kMostMarkBytes = 4000;  // PC_MARK_MAX_BYTES of the log format

// What the kernel's isspace() takes for blank, in any locale: 0xa0 too, which is a byte
// of many UTF-8 characters.
bool is_kernel_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == '\xa0';
}

std::vector<std::string> option_words(const LogTargetOptions& options) {
  std::vector<std::string> words;
  const auto add = [&](const std::string& name, const std::string& value) {
    words.push_back(name);
    if (!value.empty()) {
      words.push_back(value);
    }
  };
  if (options.format != 1) {
    add("format", fmt::format("{}", options.format));
  }
  if (options.domain != 0) {
    add("domain", fmt::format("{}", options.domain));
  }
  if (!options.name.empty()) {
    add("name", options.name);
  }
  if (options.observe) {
    add("observe", "");
  }
  if (options.on_full) {
    add("on_full", *options.on_full == LogFull::kStop ? "stop" : "error");
  }
  if (options.ack) {
    add("ack", *options.ack == LogAck::kDevice ? "device" : "log");
  }
  if (options.log_reads) {
    add("log_reads", "");
  }
  if (options.memory_mib) {
    add("memory", fmt::format("{}", *options.memory_mib));
  }
  if (options.power_fail) {
    add("power_fail", "");
  }
  return words;
}

// What modprobe said against it, or nothing.
std::string load_module() {
  SubprocessOptions modprobe;
  modprobe.argv = {"modprobe", kLogTargetModule};
  modprobe.timeout = kModprobeTimeout;
  const Result<ExitState> state = run_subprocess(modprobe);
  if (!state) {
    return state.error().message;
  }
  return state->succeeded() ? std::string()
                            : state->output.substr(0, state->output.find('\n'));
}

Status send(const std::string& name, const std::string& message) {
  const Result<std::string> answer = dm_message(name, message);
  return answer ? Status{} : fail(answer.error());
}

}  // namespace

std::string log_target_parameters(const LogTargetOptions& options,
                                  std::string_view device, std::string_view log) {
  const std::vector<std::string> words = option_words(options);
  std::string line = fmt::format("{} {}", device, log);
  if (!words.empty()) {
    line += fmt::format(" {} {}", words.size(), fmt::join(words, " "));
  }
  return line;
}

bool needs_version_2(const LogTargetOptions& options) {
  return !option_words(options).empty();
}

Result<DmVersion> require_log_target(const LogTargetOptions& options) {
  PC_ASSIGN_OR_RETURN(std::optional<DmVersion> version,
                      dm_target_version(options.target));
  std::string why;
  if (!version) {
    why = load_module();
    PC_ASSIGN_OR_RETURN(version, dm_target_version(options.target));
  }
  const std::string hint = fmt::format(
      "load {} of powercut's kernel/log-writes; `powercut guest --log-writes` has it",
      kLogTargetModule);
  if (!version) {
    return fail(ErrorKind::kMissing,
                fmt::format("this kernel has no device-mapper target {}{}{}",
                            options.target, why.empty() ? "" : ": ", why),
                hint);
  }
  if (version->major < 2 && needs_version_2(options)) {
    return fail(
        ErrorKind::kMissing,
        fmt::format("the loaded target {} has version {}, which is upstream's: it "
                    "knows format 1 and no options",
                    options.target, to_string(*version)),
        "--format 1 without further options; or " + hint);
  }
  return *version;
}

std::string escape_message(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (is_kernel_blank(c) || c == '\\') {
      escaped += '\\';
    }
    escaped += c;
  }
  return escaped;
}

Status send_log_mark(const std::string& name, std::string_view text) {
  if (text.empty() || text.size() > kMostMarkBytes) {
    return fail(ErrorKind::kUsage, fmt::format("a mark of {} bytes: it must have 1 to {}",
                                               text.size(), kMostMarkBytes));
  }
  if (text.find('\0') != std::string_view::npos) {
    return fail(ErrorKind::kUsage, "a mark with a zero byte in it");
  }
  return send(name, "mark " + escape_message(text));
}

Status sync_log(const std::string& name) {
  return send(name, "sync");
}

std::string power_fail_message(const PowerFail& fail) {
  std::string when = "now";
  switch (fail.when) {
    case PowerFail::When::kNow:
      break;
    case PowerFail::When::kFlush:
      when = fmt::format("flush {}", fail.count);
      break;
    case PowerFail::When::kFua:
      when = fmt::format("fua {}", fail.count);
      break;
    case PowerFail::When::kAfterFlush:
      when = fmt::format("after-flush {}", fail.count);
      break;
  }
  return fmt::format("powerfail {} {}", when,
                     fail.how == PowerFail::How::kDrop ? "drop" : "eio");
}

Status fail_power(const std::string& name, const PowerFail& fail) {
  return send(name, power_fail_message(fail));
}

Status heal_power(const std::string& name) {
  return send(name, "heal");
}

Result<LogStatus> log_status(const std::string& name, const std::string& target) {
  PC_ASSIGN_OR_RETURN(const DmStatus status, dm_status(name));
  if (status.target != target) {
    return fail(ErrorKind::kUsage,
                fmt::format("device-mapper device {} is of target {}, not {}", name,
                            status.target, target));
  }
  return parse_log_status(status.text);
}

}  // namespace powercut
