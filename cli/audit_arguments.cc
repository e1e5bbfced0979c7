// SPDX-License-Identifier: GPL-2.0-only

#include "cli/audit_arguments.h"

#include "cli/log_arguments.h"
#include "replay/where.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace powercut {

namespace {

std::string names_of(const std::vector<Device>& devices) {
  std::string names;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    names += fmt::format("{}{} ({})", i == 0 ? "" : ", ", i, devices[i].name);
  }
  return names;
}

Cut cut_at(const Timeline& timeline, const std::string& where) {
  const Result<Cut> cut = find_cut(timeline, where);
  if (!cut) {
    const Result<Cut> mark = find_cut(timeline, "mark:" + where);
    return mark ? *mark : value_or_throw(cut);
  }
  return *cut;
}

void check_interval(Cut from_cut, Cut to_cut, const std::string& from,
                    const std::string& to) {
  if (from_cut > to_cut) {
    throw Failure(Error{ErrorKind::kUsage, fmt::format("{} is behind {}", from, to),
                        "--from comes before --to"});
  }
}

std::uint16_t device_from(const Arguments& arguments, const Recording& recording,
                          const char* whose) {
  const std::vector<Device>& devices = recording.timeline().devices();
  if (!arguments.has("device")) {
    if (devices.size() > 1) {
      throw Failure(
          Error{ErrorKind::kUsage,
                fmt::format("the log has {} devices: {}?", devices.size(), whose),
                "say --device: " + names_of(devices)});
    }
    return 0;
  }
  const std::string wanted = arguments.text("device");
  for (std::uint16_t i = 0; i < devices.size(); ++i) {
    if (wanted == std::to_string(i)) {
      return i;
    }
  }
  for (std::uint16_t i = 0; i < devices.size(); ++i) {
    if (wanted == devices[i].name) {
      return i;
    }
  }
  throw Failure(Error{ErrorKind::kUsage,
                      fmt::format("no device '{}' in this log", wanted),
                      "it has " + names_of(devices)});
}

// The wide rule moves writes to before the marks of their window: what was written after
// a mark would count as written before it, and not be looked at.
void check_order(const Arguments& arguments, const Recording& recording) {
  if (recording.log().format() == LogFormat::k1 && arguments.text("format1") == "wide") {
    throw Failure(
        Error{ErrorKind::kUsage,
              "an audit needs the order of the log, which --format1 wide gives up",
              "leave out --format1"});
  }
}

void check_not_the_list(const Arguments& arguments, const std::string& list) {
  std::error_code ignored;
  if (std::filesystem::equivalent(arguments.text("json"), list, ignored)) {
    throw Failure(
        Error{ErrorKind::kUsage,
              fmt::format("{} is the list itself, and would be overwritten", list),
              "choose another name for --json"});
  }
}

}  // namespace

std::string needed(const Arguments& arguments, const char* name, const char* hint) {
  if (!arguments.has(name)) {
    throw Failure(Error{ErrorKind::kUsage, fmt::format("--{} is missing", name), hint});
  }
  return arguments.text(name);
}

std::shared_ptr<const Recording> open_audit(const Arguments& arguments, std::string list,
                                            const char* whose, AuditContext& context) {
  context.log = arguments.text("LOG");
  context.from = arguments.text("from");
  context.to = arguments.text("to");
  context.list = std::move(list);
  check_not_the_list(arguments, context.list);
  std::shared_ptr<const Recording> recording = open_recording(arguments);
  check_order(arguments, *recording);
  const Timeline& timeline = recording->timeline();
  context.device = device_from(arguments, *recording, whose);
  context.device_name = timeline.devices()[context.device].name;
  context.device_bytes = recording->size_bytes(context.device);
  context.from_cut = cut_at(timeline, context.from);
  context.to_cut = cut_at(timeline, context.to);
  check_interval(context.from_cut, context.to_cut, context.from, context.to);
  return recording;
}

void add_order_notes(const Recording& recording, const ChangedBlocks& changed,
                     AuditContext& context) {
  if (changed.in_flight_before > 0) {
    context.notes.push_back(
        fmt::format("writes in flight at {}, which belong to the time before it and may "
                    "have landed after: {}",
                    context.from, changed.in_flight_before));
  }
  if (recording.log().format() == LogFormat::k1) {
    context.notes.emplace_back(
        "a log of format 1 has writes in order of completion, and plain ones when a "
        "flush covers them: one from before --from may be counted if no flush came "
        "between");
  }
}

}  // namespace powercut
