// SPDX-License-Identifier: GPL-2.0-only

#include "cli/mount_instants.h"

#include "base/print_error.h"
#include "base/signals.h"
#include "cli/log_arguments.h"
#include "cli/log_tree.h"
#include "cli/stored_findings.h"
#include "device/instant_server.h"
#include "device/run_dir.h"

#include <fmt/format.h>

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace powercut {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& message, const std::string& hint) {
  throw Failure(Error{ErrorKind::kUsage, message, hint});
}

void refuse_others(const Arguments& arguments) {
  for (const char* name : {"to", "state", "without"}) {
    if (arguments.has(name)) {
      refuse(fmt::format("--{} goes without DIR", name),
             "below DIR every place and state has a name of its own: flush/7, state/ID");
    }
  }
}

// What lies in the directory would be hidden by the mount, so there must be nothing.
fs::path empty_directory(const std::string& typed) {
  std::error_code error;
  const fs::path directory = fs::canonical(typed, error);
  const fs::file_status status = error ? fs::file_status() : fs::status(directory, error);
  if (error == std::errc::no_such_file_or_directory) {
    refuse(fmt::format("there is no directory {}", typed), "make it: mkdir " + typed);
  }
  if (error == std::errc::not_connected) {
    refuse(fmt::format("nobody serves {} any more", typed),
           "`powercut doctor --clean` removes what a killed run left");
  }
  if (error == std::errc::not_a_directory || (!error && !fs::is_directory(status))) {
    refuse(fmt::format("{} is no directory", typed), "give an empty directory");
  }
  const fs::directory_iterator entries =
      error ? fs::directory_iterator() : fs::directory_iterator(directory, error);
  if (error) {
    throw Failure(system_error(fmt::format("cannot look into {}", typed), error.value()));
  }
  if (entries != fs::directory_iterator()) {
    refuse(fmt::format("{} is not empty", typed),
           "the mount would hide what is in it: give an empty directory");
  }
  return directory;
}

std::optional<std::vector<NamedState>> findings_of(const Arguments& arguments,
                                                   const CrashModel& model,
                                                   const Recording& recording) {
  if (!arguments.has("results") && !arguments.has("findings")) {
    return std::nullopt;
  }
  std::vector<NamedState> findings;
  if (arguments.has("results")) {
    findings = value_or_throw(findings_in_results(arguments.text("results"), recording,
                                                  arguments.text("format1")));
  }
  if (arguments.has("findings")) {
    for (NamedState& state : value_or_throw(
             findings_in_report(arguments.text("findings"), recording, model.discard))) {
      findings.push_back(std::move(state));
    }
  }
  return findings;
}

std::int64_t modified_time(const std::string& log) {
  struct stat status = {};
  return ::stat(log.c_str(), &status) == 0 ? status.st_mtim.tv_sec : 0;
}

}  // namespace

void add_finding_options(po::options_description& options) {
  options.add_options()("results", po::value<std::string>(),
                        "with DIR: show the findings that `check --results` stored here")(
      "findings", po::value<std::string>(),
      "with DIR: show the findings of this JSON report of `check`");
}

int mount_instants(const Arguments& arguments) {
  const auto& typed = arguments.values["DIR"].as<std::vector<std::string>>();
  if (typed.size() > 1) {
    refuse("mount: too many arguments", "see powercut mount --help");
  }
  refuse_others(arguments);
  const fs::path directory = empty_directory(typed[0]);
  const std::shared_ptr<const Recording> recording = open_recording(arguments);
  const CrashModel model = model_from(arguments, *recording);
  const std::unique_ptr<LogTree> tree = value_or_throw(
      LogTree::make(recording, model, findings_of(arguments, model, *recording)));
  const RunDir run_dir = value_or_throw(RunDir::create());
  InstantServer::Options options;
  options.read_only = arguments.has("read-only");
  options.modified_time = modified_time(arguments.text("LOG"));
  const std::unique_ptr<InstantServer> server =
      value_or_throw(InstantServer::start(directory, run_dir.run_id(), *tree, options));
  fmt::print("{}\n", typed[0]);
  std::fflush(stdout);
  print_error(
      "powercut: serving until Ctrl-C; for example:\n"
      "  ls {0}/flush {0}/mark\n  debugfs {0}/end{2}\n"
      "  mount -o loop{1} {0}/end{2} /mnt\n",
      quoted(typed[0]), options.read_only ? ",ro" : "",
      recording->device_count() > 1 ? "/disk0" : "");
  server->wait_for(interrupt_fd());
  clear_interrupt();
  value_or_throw(server->stop());
  return kExitClean;
}

}  // namespace powercut
