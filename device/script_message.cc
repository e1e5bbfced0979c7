// SPDX-License-Identifier: GPL-2.0-only

#include "device/script_visit.h"
#include "device/visit_process.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

namespace powercut {
namespace {

constexpr std::int64_t kStringsOfPart = 3;  // label, output, whether it was cut

// Strings in a payload have no NUL; what a script prints may.
std::string without_nul(std::string text) {
  std::replace(text.begin(), text.end(), '\0', '?');
  return text;
}

void append(std::vector<std::string>& to, const std::vector<std::string>& strings) {
  for (const std::string& text : strings) {
    to.push_back(without_nul(text));
  }
}

// Takes `count` strings off, from `at` on; false if there are not so many.
bool take(const std::vector<std::string>& from, std::size_t& at, std::int64_t count,
          std::vector<std::string>& to) {
  if (count < 0 || static_cast<std::uint64_t>(count) > from.size() - at) {
    return false;
  }
  const auto begin = from.begin() + static_cast<std::ptrdiff_t>(at);
  to.assign(begin, begin + count);
  at += static_cast<std::size_t>(count);
  return true;
}

}  // namespace

GuestMessage script_message(const ScriptRequest& request,
                            const std::vector<std::filesystem::path>& devices) {
  std::vector<std::string> strings = {request.text};
  append(strings, request.disk_names);
  for (const std::filesystem::path& device : devices) {
    strings.push_back(device.native());
  }
  return {"script",
          {{"names", static_cast<std::int64_t>(request.disk_names.size())},
           {"devices", static_cast<std::int64_t>(devices.size())},
           {"timeout_ms", request.timeout.count()}},
          join_strings(strings)};
}

Result<ScriptCall> read_script_message(const GuestMessage& message) {
  const std::vector<std::string> strings = split_strings(message.payload);
  ScriptCall call;
  std::size_t at = 1;
  std::vector<std::string> devices;
  if (strings.empty() ||
      !take(strings, at, message.number("names"), call.request.disk_names) ||
      !take(strings, at, message.number("devices"), devices)) {
    return fail(ErrorKind::kBadInput, "this is no request to run a script");
  }
  call.request.text = strings[0];
  call.request.timeout = std::chrono::milliseconds(message.number("timeout_ms"));
  call.devices.assign(devices.begin(), devices.end());
  return call;
}

GuestMessage scripted_message(const Result<ScriptReport>& report) {
  if (!report) {
    return error_answer("visited", report.error());
  }
  GuestMessage message{"visited",
                       {{"parts", static_cast<std::int64_t>(report->parts.size())},
                        {"too_many_parts", report->too_many_parts ? 1 : 0},
                        {"left", static_cast<std::int64_t>(report->left.size())},
                        {"code", report->code.value_or(-1)},
                        {"signal", report->signal.value_or(-1)}},
                       {}};
  std::vector<std::string> strings;
  for (const ScriptPart& part : report->parts) {
    strings.push_back(without_nul(part.label));
    strings.push_back(without_nul(part.output));
    strings.emplace_back(part.cut ? "cut" : "");
  }
  append(strings, report->left);
  append(strings, report->kernel_messages);
  message.payload = join_strings(strings);
  return message;
}

Result<ScriptReport> read_scripted(const GuestMessage& message) {
  if (std::optional<Error> error = error_in(message)) {
    return fail(std::move(*error));
  }
  const std::vector<std::string> strings = split_strings(message.payload);
  ScriptReport report;
  std::vector<std::string> parts;
  std::size_t at = 0;
  if (!take(strings, at, kStringsOfPart * message.number("parts"), parts) ||
      !take(strings, at, message.number("left"), report.left)) {
    return fail(ErrorKind::kSystem, "the guest's answer to a script makes no sense");
  }
  for (std::size_t i = 0; i < parts.size(); i += kStringsOfPart) {
    report.parts.push_back({parts[i], parts[i + 1], !parts[i + 2].empty()});
  }
  report.too_many_parts = message.number("too_many_parts") != 0;
  report.kernel_messages.assign(strings.begin() + static_cast<std::ptrdiff_t>(at),
                                strings.end());
  const auto set = [&](const char* name, std::optional<int>& to) {
    if (message.number(name) >= 0) {
      to = static_cast<int>(message.number(name));
    }
  };
  set("code", report.code);
  set("signal", report.signal);
  return report;
}

}  // namespace powercut
