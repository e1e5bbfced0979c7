// SPDX-License-Identifier: GPL-2.0-only
//
// powercut record --on guest: a disk of a virtual machine, recorded by its kernel or from
// outside.

#include "base/print_error.h"
#include "base/units.h"
#include "cli/guest_arguments.h"
#include "cli/mount_privacy.h"
#include "cli/recorder.h"
#include "report/text.h"
#include "scenarios/guest_recording.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace powercut {

namespace {

using Kind = GuestRecordingOptions::Recorder;

constexpr const char* kMemoryOption = "guest-memory";

// Options that the recorder in the guest's kernel takes.
constexpr const char* kTargetOptions[] = {"format", "memory", "on-full", "ack"};
constexpr const char* kTargetSwitches[] = {"observe", "log-reads"};

std::vector<std::string> target_options(const Arguments& arguments) {
  std::vector<std::string> words;
  for (const char* name : kTargetOptions) {
    if (arguments.has(name) && !arguments.values[name].defaulted()) {
      const boost::any& value = arguments.values[name].value();
      const std::uint32_t* number = boost::any_cast<std::uint32_t>(&value);
      words.push_back(fmt::format(
          "--{}={}", name,
          number != nullptr ? fmt::format("{}", *number) : arguments.text(name)));
    }
  }
  if (arguments.has("domain")) {
    for (const std::string& text :
         arguments.values["domain"].as<std::vector<std::string>>()) {
      words.push_back("--domain=" + text);
    }
  }
  for (const char* name : kTargetSwitches) {
    if (arguments.has(name)) {
      words.push_back(fmt::format("--{}", name));
    }
  }
  return words;
}

Kind parse_recorder(const std::string& text) {
  if (text != "kernel" && text != "served") {
    refuse(fmt::format("no recorder '{}'", text), "--recorder is kernel or served");
  }
  return text == "served" ? Kind::kServed : Kind::kKernel;
}

// "journal:8M"
GuestRecordingOptions::Disk parse_disk(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    refuse(fmt::format("'{}' is no disk", text),
           "--disk NAME:SIZE, as --disk journal:8M");
  }
  check_disk_name(text.substr(0, colon));
  return {text.substr(0, colon), value_or_throw(parse_bytes(text.substr(colon + 1))), {}};
}

// Several disks in place of one of --size.
void set_disks(const Arguments& arguments, GuestRecordingOptions& options) {
  if (!arguments.has("disk")) {
    return;
  }
  if (options.recorder == Kind::kServed || !options.keep_image.empty() ||
      !arguments.values["size"].defaulted()) {
    refuse("--disk does not go with --recorder served, --size and --keep-image",
           "each disk has its size behind its name");
  }
  for (const std::string& text :
       arguments.values["disk"].as<std::vector<std::string>>()) {
    options.disks.push_back(parse_disk(text));
    const std::string& name = options.disks.back().name;
    if (std::ranges::count(options.disks, name, &GuestRecordingOptions::Disk::name) > 1) {
      refuse(fmt::format("two disks are called '{}'", name), "names must differ");
    }
  }
}

GuestRecordingOptions recording_options(const Arguments& arguments) {
  GuestRecordingOptions options;
  options.recorder = parse_recorder(arguments.text("recorder"));
  options.workload = workload_options(arguments);
  options.log = arguments.text("output");
  options.keep_image = arguments.text("keep-image");
  options.size_bytes = value_or_throw(parse_bytes(arguments.text("size")));
  options.log_size_bytes = value_or_throw(parse_bytes(arguments.text("log-size")));
  options.block_bytes = disk_block_bytes(arguments, options.workload);
  options.target_options = target_options(arguments);
  if (options.recorder == Kind::kServed && !options.target_options.empty()) {
    refuse(fmt::format("{} does not go with --recorder served",
                       options.target_options.front()),
           "it belongs to --recorder kernel");
  }
  set_disks(arguments, options);
  options.guest = guest_machine(arguments, kMemoryOption);
  add_command_files(options.workload.command, options.guest);
  if (!options.workload.file_system.empty()) {
    options.guest.programs.push_back("mkfs." + options.workload.file_system);
  }
  if (options.recorder == Kind::kKernel) {
    add_log_writes(options.guest);
  }
  return options;
}

void check_usage(const Arguments& arguments) {
  if (!arguments.has("output")) {
    refuse("where does the log go? --output is missing", "see powercut record --help");
  }
  require_command(arguments);
  check_target_words(arguments);
  if (!arguments.values["mount-options"].defaulted() && arguments.text("fs").empty()) {
    refuse("--mount-options without --fs", "name the file system: --fs ext4");
  }
}

void add_options(po::options_description& options) {
  options.add_options()("recorder", po::value<std::string>()->default_value("kernel"),
                        "kernel (the target log-writes, built for the guest's kernel) or "
                        "served (a served disk under the guest; needs no module)")(
      "log-size", po::value<std::string>()->default_value("4G"),
      "room for the log of --recorder kernel")(
      "disk", po::value<std::vector<std::string>>(),
      "NAME:SIZE: a disk to record, in place of --size; may be given again: the first "
      "gets "
      "the file system, the others are $POWERCUT_DEVICE1, ...");
  add_guest_options(options, kMemoryOption);
}

int run(const Arguments& arguments) {
  check_usage(arguments);
  const GuestRecordingOptions options = recording_options(arguments);
  hide_mounts();
  const RunDir run_dir = value_or_throw(RunDir::create());
  const GuestRecordingResult result = value_or_throw(record_in_guest(options, run_dir));
  if (result.failure && result.failure->kind != GuestFailureKind::kInterrupted) {
    print_error("powercut: {}", describe(*result.failure));
    if (result.no_log) {
      print_error("powercut: there is no log: {}\n", result.no_log->message);
    }
    if (result.log_bytes > 0) {
      print_error("powercut: {} has {} of it until then\n", options.log.native(),
                  bytes_text(result.log_bytes));
    }
    return kExitHarness;
  }
  if (result.no_log) {
    throw Failure(Error{ErrorKind::kSystem,
                        fmt::format("the workload failed ({}), and there is no log: {}",
                                    to_string(result.workload), result.no_log->message),
                        result.no_log->hint});
  }
  return tell_recording(result.workload, result.log_bytes, options.log);
}

}  // namespace

extern const Recorder kGuestRecorder = {
    "guest",
    "in a virtual machine; also --size, --block-size, --keep-image, and for its kernel "
    "--format, --domain, --memory, --on-full, --ack, --observe, --log-reads",
    &add_options, &run,
    "size block-size keep-image format domain memory on-full ack observe log-reads"};

}  // namespace powercut
