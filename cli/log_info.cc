// SPDX-License-Identifier: GPL-2.0-only
//
// powercut log info: what is in a log, in a dozen lines.

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/log_arguments.h"
#include "cli/output.h"
#include "report/text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <iterator>
#include <string>

namespace powercut {

namespace {

const char* end_text(LogEnd end) {
  switch (end) {
    case LogEnd::kClean:
      return "clean";
    case LogEnd::kCut:
      return "not clean: the recording was cut";
    case LogEnd::kUnknown:
      break;
  }
  return "not known: a log without marks, as QEMU writes it, does not say";
}

struct Counts {
  std::uint64_t writes = 0;
  std::uint64_t write_bytes = 0;
  std::uint64_t fua = 0;
  std::uint64_t discards = 0;
  std::uint64_t write_zeroes = 0;
  std::uint64_t failed = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t flushes = 0;
};

Counts count(const Timeline& timeline) {
  Counts counts;
  for (const Write& write : timeline.writes()) {
    counts.writes += write.op == Op::kWrite ? 1 : 0;
    counts.write_bytes += write.op == Op::kWrite ? write.length_bytes : 0;
    counts.discards += write.op == Op::kDiscard ? 1 : 0;
    counts.write_zeroes += write.op == Op::kWriteZeroes ? 1 : 0;
    counts.fua += write.has(kWriteFua) ? 1 : 0;
    counts.failed += write.has(kWriteFailed) ? 1 : 0;
    counts.in_flight += write.complete == kNever ? 1 : 0;
  }
  for (const Flush& flush : timeline.flushes()) {
    counts.flushes += flush.complete != kNever ? 1 : 0;
  }
  return counts;
}

std::string info_text(const std::string& path, const Recording& recording) {
  const Timeline& timeline = recording.timeline();
  Counts counts = count(timeline);
  std::string text;
  std::back_insert_iterator<std::string> out = std::back_inserter(text);
  fmt::format_to(out, "log        {}: {}\n", path, recording.log().description());
  fmt::format_to(out, "digest     {:016x}\n", recording.log().digest());
  for (std::uint16_t d = 0; d < recording.device_count(); ++d) {
    const Device& device = timeline.devices()[d];
    fmt::format_to(out, "device {}   {}: {}, {}-byte blocks, domain {}{}{}\n", d,
                   device.name, bytes_text(recording.size_bytes(d)),
                   device.logical_block_bytes, device.domain,
                   device.write_cache ? ", write cache" : ", no write cache",
                   device.has_base ? ", recorded over an image" : "");
  }
  fmt::format_to(out, "entries    {}\n", recording.log().entry_count());
  fmt::format_to(out, "writes     {} ({}), {} FUA, {} failed, {} in flight at the end\n",
                 counts.writes, bytes_text(counts.write_bytes), counts.fua, counts.failed,
                 counts.in_flight);
  fmt::format_to(out, "others     {}, {}, {} write-zeroes\n",
                 plural(counts.flushes, "flush"), plural(counts.discards, "discard"),
                 counts.write_zeroes);
  fmt::format_to(out, "marks      {}", timeline.marks().size());
  std::size_t shown = 0;
  constexpr std::size_t kShown = 12;
  for (const Mark& mark : timeline.marks()) {
    fmt::format_to(out, "{}{}", shown == 0 ? ": " : ", ", mark.text);
    if (++shown == kShown && timeline.marks().size() > kShown) {
      fmt::format_to(out, ", ...");
      break;
    }
  }
  fmt::format_to(out, "\nend        {}\n", end_text(recording.log().end()));
  return text;
}

std::string info_json(const std::string& path, const Recording& recording) {
  const Timeline& timeline = recording.timeline();
  Counts counts = count(timeline);
  nlohmann::ordered_json json;
  json["log"] = path;
  json["log_format"] = recording.log().format() == LogFormat::k1 ? 1 : 2;
  json["digest"] = fmt::format("{:016x}", recording.log().digest());
  json["devices"] = nlohmann::ordered_json::array();
  for (std::uint16_t d = 0; d < recording.device_count(); ++d) {
    const Device& device = timeline.devices()[d];
    json["devices"].push_back({{"name", device.name},
                               {"size_bytes", recording.size_bytes(d)},
                               {"size_recorded", device.size_bytes != 0},
                               {"logical_block_bytes", device.logical_block_bytes},
                               {"domain", device.domain},
                               {"write_cache", device.write_cache},
                               {"has_base", device.has_base}});
  }
  json["entries"] = recording.log().entry_count();
  json["writes"] = counts.writes;
  json["write_bytes"] = counts.write_bytes;
  json["fua"] = counts.fua;
  json["failed"] = counts.failed;
  json["in_flight"] = counts.in_flight;
  json["flushes"] = counts.flushes;
  json["discards"] = counts.discards;
  json["write_zeroes"] = counts.write_zeroes;
  json["marks"] = nlohmann::ordered_json::array();
  for (const Mark& mark : timeline.marks()) {
    json["marks"].push_back(mark.text);
  }
  json["clean_end"] = clean_end(recording.log().end());
  json["warnings"] = recording.warnings();
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
         "\n";
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()("json", po::value<std::string>(),
                        "write as JSON to a file, - is stdout");
  add_log_options(options);
  Arguments arguments = parse_arguments(self, options, {"LOG"}, words);
  check_report_path(arguments);
  std::shared_ptr<const Recording> recording = open_recording(arguments);
  write_report(arguments, info_text(arguments.text("LOG"), *recording),
               info_json(arguments.text("LOG"), *recording));
  return kExitClean;
}

}  // namespace

extern const Command kLogInfoCommand = {
    "log info", "LOG", "what a log holds, in a dozen lines",
    "example:\n  powercut log info run.log\n\n", &run};

}  // namespace powercut
