// SPDX-License-Identifier: GPL-2.0-only
//
// powercut record --on dm: the device-mapper target log-writes over disks of the user.

#include "base/print_error.h"
#include "cli/mount_privacy.h"
#include "cli/recorder.h"
#include "scenarios/dm_recording.h"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

namespace powercut {

namespace {

// "/dev/vdb", or "/dev/vdb=journal".
DmRecordingOptions::Disk parse_disk(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string::npos) {
    return {text, ""};
  }
  const std::string name = text.substr(equals + 1);
  check_disk_name(name);
  return {text.substr(0, equals), name};
}

LogTargetOptions target_options(const Arguments& arguments) {
  LogTargetOptions options;
  options.target = arguments.text("target");
  options.format = arguments.values["format"].as<std::uint32_t>();
  options.observe = arguments.has("observe");
  options.log_reads = arguments.has("log-reads");
  options.power_fail = arguments.has("power-fail");
  if (arguments.has("memory")) {
    options.memory_mib = arguments.values["memory"].as<std::uint32_t>();
  }
  if (arguments.has("ack")) {
    options.ack = arguments.text("ack") == "device" ? LogAck::kDevice : LogAck::kLog;
  }
  if (arguments.has("on-full")) {
    options.on_full =
        arguments.text("on-full") == "stop" ? LogFull::kStop : LogFull::kError;
  }
  return options;
}

void check_target(const LogTargetOptions& options) {
  if (options.format != 1 && options.format != 2) {
    refuse(fmt::format("there is no log format {}", options.format),
           "--format is 1 or 2");
  }
  if (options.format == 1 && (options.observe || options.log_reads)) {
    refuse("--observe and --log-reads need --format 2",
           "format 1 has no place for what they record");
  }
}

void check_usage(const Arguments& arguments) {
  if (!arguments.has("device")) {
    refuse("which disk is recorded? --device is missing", "see powercut record --help");
  }
  if (!arguments.has("log")) {
    refuse("where does the log go? --log is missing",
           "the kernel needs a block device for it; --output copies it into a file "
           "afterwards");
  }
  require_command(arguments);
  check_target_words(arguments);
  if (!arguments.values["mount-options"].defaulted() && arguments.text("fs").empty()) {
    refuse("--mount-options without --fs", "name the file system: --fs ext4");
  }
}

// "1" is for all disks, "journal=1" for the one of that name.
void set_domain(const std::string& text, DmRecordingOptions& options) {
  const std::size_t equals = text.rfind('=');
  const std::string number = equals == std::string::npos ? text : text.substr(equals + 1);
  std::uint32_t domain = 0;
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), domain);
  if (error != std::errc() || end != number.data() + number.size()) {
    refuse(fmt::format("'{}' is no domain", text), "--domain is N or NAME=N");
  }
  if (options.target.format == 1) {
    refuse("--domain needs --format 2", "format 1 has no place for it");
  }
  bool known = false;
  for (DmRecordingOptions::Disk& disk : options.disks) {
    if (equals == std::string::npos || disk.name == text.substr(0, equals)) {
      disk.domain = domain;
      known = true;
    }
  }
  if (!known) {
    refuse(fmt::format("no disk is called '{}'", text.substr(0, equals)),
           "--device DISK=NAME names one");
  }
}

DmRecordingOptions dm_options(const Arguments& arguments) {
  DmRecordingOptions options;
  for (const std::string& text :
       arguments.values["device"].as<std::vector<std::string>>()) {
    options.disks.push_back(parse_disk(text));
  }
  options.log = arguments.text("log");
  options.log_copy = arguments.text("output");
  options.force = arguments.has("force");
  options.zero = arguments.has("zero");
  options.target = target_options(arguments);
  options.workload = workload_options(arguments);
  check_target(options.target);
  if (arguments.has("domain")) {
    for (const std::string& text :
         arguments.values["domain"].as<std::vector<std::string>>()) {
      set_domain(text, options);
    }
  }
  for (std::size_t i = 0; i < options.disks.size(); ++i) {
    const std::string& name = options.disks[i].name;
    const auto same = [&](const auto& disk) { return disk.name == name; };
    if (!name.empty() && std::ranges::count_if(options.disks, same) > 1) {
      refuse(fmt::format("two disks are called '{}'", name), "names must differ");
    }
  }
  if (options.disks.size() > 1 && options.target.format == 1) {
    refuse("several disks in one log need --format 2",
           "format 1 cannot say which disk a write went to");
  }
  return options;
}

void add_options(po::options_description& options) {
  options.add_options()(
      "device", po::value<std::vector<std::string>>(),
      "DISK or DISK=NAME: a block device to record, whose contents are lost; may be "
      "given again: the first gets the file system, the others are $POWERCUT_DEVICE1, "
      "...")("log", po::value<std::string>(),
             "block device for the log; -o copies the log into a file in the end")(
      "force", "overwrite what is on the log's device, if it is no log")(
      "zero", "write zeros to the disks first, as a replay begins with zeros")(
      "format", po::value<std::uint32_t>()->default_value(2), "of the log: 1 or 2")(
      "domain", po::value<std::vector<std::string>>(),
      "N, or NAME=N for one disk: disks of one domain share one volatile cache (default: "
      "each has its own)")(
      "observe",
      "send down the workload's own pages, and look whether they change in flight")(
      "on-full", po::value<std::string>(),
      "what happens to writes when the log is full: error or stop (stop recording)")(
      "ack", po::value<std::string>(),
      "when a flush or FUA write is told as done: log (default; what was promised is in "
      "the log) or device (faster)")("log-reads", "record reads too")(
      "memory", po::value<std::uint32_t>(), "MiB for what waits for the log")(
      "power-fail", "let `dmsetup message` fail the power of the disks")(
      "target", po::value<std::string>()->default_value(kLogTarget),
      "name of the target, if the module was loaded under another one");
}

int run(const Arguments& arguments) {
  check_usage(arguments);
  const DmRecordingOptions options = dm_options(arguments);
  if (::geteuid() != 0) {
    throw Failure(Error{ErrorKind::kMissing,
                        "record --on dm needs root: it makes device-mapper devices",
                        "run it as root"});
  }
  hide_mounts();
  const RunDir run_dir = value_or_throw(RunDir::create());
  const DmRecordingResult result = value_or_throw(record_on_dm(options, run_dir));
  if (result.status.unstable > 0) {
    print_error(
        "powercut: {} writes changed while they were in flight; the log says "
        "which\n",
        result.status.unstable);
  }
  return tell_recording(result.workload, result.log_bytes,
                        options.log_copy.empty() ? options.log : options.log_copy);
}

}  // namespace

extern const Recorder kDmRecorder = {
    "dm", "in the kernel, by the device-mapper target log-writes", &add_options, &run};

}  // namespace powercut
