// SPDX-License-Identifier: GPL-2.0-only
//
// powercut generate: writes down generated workloads as scenarios.

#include "workload/generate.h"

#include "base/fd.h"
#include "base/new_file.h"
#include "base/signals.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "workload/scenario.h"

#include <fmt/format.h>

#include <fcntl.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace powercut {

namespace {

// More files than that in one directory are not what anybody wants.
constexpr std::uint64_t kMostFiles = 1'000'000;

std::uint64_t number(const Arguments& arguments, const char* name) {
  return arguments.values[name].as<std::uint64_t>();
}

[[noreturn]] void refuse(const std::string& message, const std::string& hint) {
  throw Failure(Error{ErrorKind::kUsage, message, hint});
}

std::vector<std::string> words(const std::string& list) {
  std::vector<std::string> result;
  std::size_t begin = 0;
  while (begin < list.size()) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    result.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return result;
}

GenerateOptions options_from(const Arguments& arguments) {
  GenerateOptions options;
  if (arguments.has("length")) {
    options.length = arguments.values["length"].as<unsigned>();
  }
  options.nested = arguments.has("nested");
  options.only = words(arguments.text("only"));
  options.without = words(arguments.text("without"));
  return options;
}

// The command line that gives these bounds.
std::string bounds_text(const Arguments& arguments) {
  std::string text = "powercut generate";
  for (const char* each : {"only", "without"}) {
    if (arguments.has(each)) {
      text += fmt::format(" --{} {}", each, arguments.text(each));
    }
  }
  return arguments.has("nested") ? text + " --nested" : text;
}

// Where scenarios go: files of a directory, or stdout with a blank line between.
class ScenarioOutput {
 public:
  explicit ScenarioOutput(const Arguments& arguments)
      : directory_(arguments.text("out")), file_system_(arguments.text("fs")) {
    value_or_throw(check_file_system(file_system_));
    if (!directory_.empty()) {
      std::error_code error;
      std::filesystem::create_directories(directory_, error);
      if (error) {
        throw Failure(system_error(fmt::format("cannot make {}", directory_.string()),
                                   error.value()));
      }
    }
  }

  void write(const std::string& name, const std::string& about, const std::string& source,
             Workload workload) {
    if (interrupted()) {
      throw Failure(Error{ErrorKind::kInterrupted, "interrupted", {}});
    }
    Scenario scenario;
    scenario.about = about;
    scenario.sources = {source};
    scenario.file_system = file_system_;
    scenario.workload = std::move(workload);
    const std::string text = to_text(scenario);
    if (directory_.empty()) {
      fmt::print("{}# {}\n{}", first_ ? "" : "\n", name, text);
      first_ = false;
      if (std::ferror(stdout) != 0) {
        finish();
      }
      return;
    }
    const std::filesystem::path path = directory_ / (name + ".scenario");
    value_or_throw(NewFile::check(path, ""));
    NewFile file(path);
    Fd fd = value_or_throw(Fd::open(file.partial(), O_WRONLY | O_CREAT | O_TRUNC));
    value_or_throw(write_fully(fd, std::as_bytes(std::span(text)), 0, path.string()));
    value_or_throw(file.finish());
  }

  static void finish() {
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      throw Failure(
          Error{ErrorKind::kSystem, "cannot write the workloads to stdout", {}});
    }
  }

 private:
  std::filesystem::path directory_;
  std::string file_system_;
  bool first_ = true;
};

int count(const WorkloadSequence& sequence) {
  fmt::print("workloads                  {:>16}\nwith symmetric duplicates  {:>16}\n",
             sequence.count(), sequence.count_with_duplicates());
  ScenarioOutput::finish();
  return kExitClean;
}

int random_ones(const Arguments& arguments) {
  for (const char* each : {"length", "nested", "count", "first"}) {
    if (arguments.has(each)) {
      refuse(fmt::format("--random with --{}", each),
             "random workloads are told apart by their seeds, not counted");
    }
  }
  const GenerateOptions options = options_from(arguments);
  const std::uint64_t seed = number(arguments, "random");
  const std::uint64_t operations =
      arguments.has("operations") ? number(arguments, "operations") : 100;
  const std::uint64_t limit = arguments.has("limit") ? number(arguments, "limit") : 1;
  ScenarioOutput output(arguments);
  for (std::uint64_t i = 0; i < limit; ++i) {
    const std::uint64_t own = seed + i;
    output.write(fmt::format("random-{}", own),
                 fmt::format("{} random operations, seed {}", operations, own),
                 fmt::format("{} --random {} --operations {}", bounds_text(arguments),
                             own, operations),
                 value_or_throw(random_workload(options, own, operations)));
  }
  ScenarioOutput::finish();
  return kExitClean;
}

int all_of_a_length(const Arguments& arguments) {
  if (!arguments.has("length")) {
    refuse("generate: neither --length nor --random", "powercut generate --length 1");
  }
  if (arguments.has("operations")) {
    refuse("--operations without --random", "--length is the number of core operations");
  }
  const GenerateOptions options = options_from(arguments);
  const WorkloadSequence sequence = value_or_throw(WorkloadSequence::make(options));
  if (arguments.has("count")) {
    return count(sequence);
  }
  const std::uint64_t first = arguments.has("first") ? number(arguments, "first") : 0;
  if (first >= sequence.count()) {
    refuse(fmt::format("there is no workload {}", first),
           fmt::format("numbers are 0 to {}", sequence.count() - 1));
  }
  std::uint64_t limit = sequence.count() - first;
  if (arguments.has("limit")) {
    limit = std::min(limit, number(arguments, "limit"));
  } else if (arguments.has("out") && limit > kMostFiles) {
    refuse(fmt::format("{} files", limit), "say how many: --limit N");
  }
  const std::size_t digits = std::to_string(sequence.count() - 1).size();
  ScenarioOutput output(arguments);
  for (std::uint64_t i = first; i < first + limit; ++i) {
    output.write(
        fmt::format("sequence-{}{}-{:0{}}", options.length,
                    options.nested ? "-nested" : "", i, digits),
        fmt::format("workload {} of {} of {} core operation{}", i, sequence.count(),
                    options.length, options.length == 1 ? "" : "s"),
        fmt::format("{} --length {} --first {} --limit 1", bounds_text(arguments),
                    options.length, i),
        sequence.at(i));
  }
  ScenarioOutput::finish();
  return kExitClean;
}

int run(const Command& self, const std::vector<std::string>& arguments_given) {
  po::options_description options;
  options.add_options()("length", po::value<unsigned>(),
                        "core operations of a workload, 1 to 4")(
      "count", "print how many there are, and no workload")(
      "first", po::value<std::uint64_t>(), "number of the first one, from 0")(
      "limit", po::value<std::uint64_t>(), "how many at most")(
      "nested", "with files in A/C and B/C")(
      "only", po::value<std::string>(),
      fmt::format("these core operations, with commas between; of {}",
                  fmt::join(core_operation_words(), " "))
          .c_str())("without", po::value<std::string>(), "all but these")(
      "random", po::value<std::uint64_t>(), "instead: a random workload of this seed")(
      "operations", po::value<std::uint64_t>(),
      "how many operations a random one has (100)")(
      "fs", po::value<std::string>()->default_value("ext4"),
      "file system that they name")("out", po::value<std::string>(),
                                    "directory for a file each; else to stdout");
  Arguments arguments = parse_arguments(self, options, {}, arguments_given);
  for (const char* each : {"only", "without"}) {
    if (arguments.has(each) && words(arguments.text(each)).empty()) {
      refuse(fmt::format("--{} without an operation", each), "creat,rename");
    }
  }
  return arguments.has("random") ? random_ones(arguments) : all_of_a_length(arguments);
}

}  // namespace

extern const Command kGenerateCommand = {
    "generate", "--length N | --random SEED [--out DIR] ...",
    "write workloads by rule: all short ones, or random ones",
    "Writes scenarios: every sequence of N core operations on a few files and\n"
    "directories, each followed by a persistence operation (or none, but behind the\n"
    "last), or N random operations. Every operation succeeds: what must be there is "
    "made\n"
    "and synced first. Of workloads that differ by a swap of foo and bar, or of A and "
    "B,\n"
    "one is written. Numbers are stable for the same options.\n\n"
    "examples:\n"
    "  powercut generate --length 2 --count\n"
    "  powercut generate --length 1 --out workloads\n"
    "  powercut generate --length 2 --only rename,link --first 100 --limit 1\n"
    "  powercut generate --random 7 --operations 200 --fs btrfs --out workloads\n\n",
    &run};

}  // namespace powercut
