// SPDX-License-Identifier: GPL-2.0-only
//
// powercut log list: every event of a log, a line (or a JSON object) each.

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/log_arguments.h"
#include "log/event_text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <string>
#include <unordered_map>

namespace powercut {

namespace {

std::string type_name(EventType type) {
  switch (type) {
    case EventType::kSubmit:
      return "submit";
    case EventType::kComplete:
      return "complete";
    case EventType::kMark:
      return "mark";
    case EventType::kRead:
      return "read";
  }
  return "unknown";
}

void print_json(const Event& event) {
  nlohmann::ordered_json json;
  json["seq"] = event.seq;
  json["type"] = type_name(event.type);
  if (event.type == EventType::kMark) {
    json["text"] = std::string(event.text);
  } else {
    json["op"] = std::string(to_string(event.op));
    json["device"] = event.device;
  }
  if (event.type == EventType::kComplete) {
    json["ref_seq"] = event.ref_seq;
    json["status"] = event.status;
    json["unstable"] = event.unstable;
  } else if (event.type != EventType::kMark && event.op != Op::kFlush) {
    json["offset_bytes"] = event.offset_bytes;
    json["length_bytes"] = event.length_bytes;
    json["fua"] = event.fua;
    json["meta"] = event.meta;
    json["pid"] = event.pid;
  }
  json["time_ns"] = event.time_ns;
  fmt::print("{}\n",
             json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()("json", "a JSON object a line")(
      "from", po::value<std::uint64_t>()->default_value(0), "first number to print")(
      "count", po::value<std::uint64_t>()->default_value(0),
      "how many events to print at the most (0: all)");
  Arguments arguments = parse_arguments(self, options, {"LOG"}, words);
  DamageList damage;
  LogOptions log_options;
  log_options.verify_data = false;
  std::unique_ptr<Log> log =
      value_or_throw(Log::open(arguments.text("LOG"), log_options, damage));
  for (const std::string& sentence : damage.sentences()) {
    warn(sentence);
  }
  bool entries = log->format() == LogFormat::k1;
  bool json = arguments.has("json");
  std::uint64_t left = arguments.values["count"].as<std::uint64_t>();
  bool bounded = left != 0;
  log->visit_from(arguments.values["from"].as<std::uint64_t>(), [&](const Event& event) {
    // An entry of format 1 is one line: its completion says nothing of its own.
    if (entries && event.type == EventType::kComplete) {
      return Visit::kContinue;
    }
    if (bounded && left-- == 0) {
      return Visit::kStop;
    }
    if (json) {
      print_json(event);
    } else {
      fmt::print("{}\n", event_text(event, entries));
    }
    return std::ferror(stdout) != 0 ? Visit::kStop : Visit::kContinue;
  });
  return kExitClean;
}

}  // namespace

extern const Command kLogListCommand = {
    "log list", "LOG [--from N] [--count N]", "every event of a log, a line each",
    "The number at the start of a line is what entry:N and seq:N mean elsewhere.\n\n"
    "examples:\n  powercut log list run.log\n  powercut log list run.log --json\n\n",
    &run};

}  // namespace powercut
