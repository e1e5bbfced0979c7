// SPDX-License-Identifier: GPL-2.0-only
//
// powercut report: a log as a picture, and what a check said of it.

#include "base/fd.h"
#include "base/new_file.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/log_arguments.h"
#include "replay/where.h"
#include "report/check_file.h"
#include "report/html_page.h"
#include "report/timeline_svg.h"
#include "report/timeline_text.h"

#include <fmt/format.h>

#include <fcntl.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

namespace {

// Written whole or not at all; "-" is stdout.
void write_output(const std::string& path, const std::string& text) {
  if (path == "-") {
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if (!written || std::fflush(stdout) != 0) {
      throw Failure(Error{ErrorKind::kSystem, "cannot write the report to stdout", {}});
    }
    return;
  }
  NewFile file(path);
  {
    Fd fd =
        value_or_throw(Fd::open(file.partial().string(), O_WRONLY | O_CREAT | O_TRUNC));
    value_or_throw(write_fully(fd, std::as_bytes(std::span(text)), 0, path));
  }
  value_or_throw(file.finish());
}

// The one of -o, --svg and --text that was given.
std::string kind_of_output(const Arguments& arguments) {
  std::string kind;
  std::size_t given = 0;
  for (const char* name : {"output", "svg", "text"}) {
    if (arguments.has(name)) {
      kind = name;
      ++given;
    }
  }
  if (given != 1) {
    throw Failure(Error{ErrorKind::kUsage,
                        given == 0 ? "which report? none was asked for"
                                   : "which report? more than one was asked for",
                        "give one of -o FILE.html, --svg FILE and --text; - is stdout"});
  }
  if (kind != "output" && arguments.has("check")) {
    throw Failure(Error{ErrorKind::kUsage, fmt::format("--check without -o"),
                        "findings and certificate are shown by the HTML report only"});
  }
  if (kind != "text" && arguments.has("ascii")) {
    throw Failure(Error{ErrorKind::kUsage, "--ascii without --text", {}});
  }
  return kind;
}

bool by_time(const Arguments& arguments) {
  const std::string axis = arguments.text("by");
  if (axis != "seq" && axis != "time") {
    throw Failure(Error{ErrorKind::kUsage, fmt::format("unknown axis '{}'", axis),
                        "--by is seq or time"});
  }
  return axis == "time";
}

std::size_t terminal_columns() {
  constexpr std::size_t kDefault = 100;
  constexpr std::size_t kMost = 1000;
  const char* text = std::getenv("COLUMNS");
  if (text == nullptr) {
    return kDefault;
  }
  std::size_t columns = 0;
  const std::string_view digits(text);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), columns);
  return error == std::errc() && end == digits.data() + digits.size() && columns > 0 &&
                 columns <= kMost
             ? columns
             : kDefault;
}

std::vector<nlohmann::ordered_json> read_checks(const Arguments& arguments,
                                                const Recording& recording) {
  std::vector<nlohmann::ordered_json> checks;
  if (!arguments.has("check")) {
    return checks;
  }
  std::set<std::string> kinds;
  for (const std::string& path :
       arguments.values["check"].as<std::vector<std::string>>()) {
    checks.push_back(value_or_throw(read_check_file(path, recording)));
    if (!kinds.insert(checks.back().at("kind").get<std::string>()).second) {
      throw Failure(Error{ErrorKind::kUsage,
                          fmt::format("{} is a second report of the same kind", path),
                          "a page shows one of `check` and one of `check "
                          "--mutate-flushes`"});
    }
  }
  return checks;
}

std::string end_text(LogEnd end) {
  switch (end) {
    case LogEnd::kClean:
      return "clean";
    case LogEnd::kCut:
      return "not clean: the recording was cut";
    case LogEnd::kUnknown:
      break;
  }
  return "not known: the log does not say";
}

std::string page(const Arguments& arguments, const Recording& recording,
                 const TimelineData& data, const CrashModel& model,
                 const std::string& range) {
  if (data.writes.size() > kMostWritesOfPage) {
    throw Failure(Error{ErrorKind::kUsage,
                        fmt::format("{} writes are too many for one page, which holds {}",
                                    data.writes.size(), kMostWritesOfPage),
                        "choose a part with --from and --to"});
  }
  PageContext context;
  context.log_path = arguments.text("LOG");
  context.description = recording.log().description();
  context.digest = fmt::format("{:016x}", recording.log().digest());
  context.range = range;
  context.model =
      fmt::format("{}, fault: {}", to_string(model.device), to_string(model.fault));
  context.end = end_text(recording.log().end());
  context.by_time = by_time(arguments);
  context.warnings = recording.warnings();
  context.checks = read_checks(arguments, recording);
  return html_page(data, context);
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()("output,o", po::value<std::string>(),
                        "write one HTML file that needs no other")(
      "svg", po::value<std::string>(), "write the timeline alone as SVG")(
      "text", "print the timeline as text, as wide as $COLUMNS or 100")(
      "ascii", "with --text: nothing but ASCII")(
      "by", po::value<std::string>()->default_value("seq"),
      "what the horizontal axis is: seq (the order of events) or time")(
      "check", po::value<std::vector<std::string>>()->composing(),
      "with -o: what `check --json` wrote of this log; one of `check --mutate-flushes "
      "--json` may stand beside it")("from", po::value<std::string>(),
                                     "first instant: start, end, mark:NAME, flush:N, "
                                     "entry:N, seq:N (default: start)")(
      "to", po::value<std::string>()->default_value("end"), "last instant");
  add_model_options(options);
  add_log_options(options);
  Arguments arguments = parse_arguments(self, options, {"LOG"}, words);
  const std::string kind = kind_of_output(arguments);
  const bool time_axis = by_time(arguments);
  const std::string path = kind == "text" ? "-" : arguments.text(kind);
  if (path != "-") {
    value_or_throw(NewFile::check(path, arguments.text("LOG")));
  }
  std::shared_ptr<const Recording> recording = open_recording(arguments);
  const Timeline& timeline = recording->timeline();
  const CrashModel model = model_from(arguments, *recording);
  const Durability durability = value_or_throw(Durability::build(timeline, model));
  const std::string first = arguments.text("from", "start");
  const Cut from = value_or_throw(find_cut(timeline, first));
  const Cut to = value_or_throw(find_cut(timeline, arguments.text("to")));
  if (from > to) {
    throw Failure(Error{ErrorKind::kUsage,
                        fmt::format("{} comes after {}", first, arguments.text("to")),
                        {}});
  }
  const TimelineData data = timeline_data(*recording, durability, from, to);
  if (time_axis && !data.has_times) {
    throw Failure(Error{ErrorKind::kUsage, "the log has no times",
                        "logs of format 1 have none: --by seq"});
  }
  const std::string range = fmt::format("{} to {}", first, arguments.text("to"));
  if (kind == "output") {
    write_output(path, page(arguments, *recording, data, model, range));
  } else if (kind == "svg") {
    write_output(path,
                 timeline_svg(data, arguments.text("LOG") + ", " + range, time_axis));
  } else {
    TextPlotOptions plot;
    plot.columns = terminal_columns();
    plot.ascii = arguments.has("ascii");
    plot.by_time = time_axis;
    write_output(path, timeline_text(data, plot));
  }
  return kExitClean;
}

}  // namespace

extern const Command kReportCommand = {
    "report", "LOG (-o FILE.html [--check CHECK.json]... | --svg FILE | --text)",
    "draw a log as one HTML page, with what a check said of it",
    "The page needs nothing else: no network, no other file. It shows which write was\n"
    "where, when, and what made it durable; with --check the certificate, the findings\n"
    "and, of `check --mutate-flushes`, which flush carries weight.\n\n"
    "examples:\n"
    "  powercut report run.log -o run.html\n"
    "  powercut check run.log --json check.json\n"
    "  powercut report run.log -o run.html --check check.json\n"
    "  powercut report run.log --from mark:mkfs --by time --svg run.svg\n"
    "  powercut report run.log --from mark:mkfs --text\n\n",
    &run};

}  // namespace powercut
