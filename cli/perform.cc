// SPDX-License-Identifier: GPL-2.0-only
//
// powercut perform: does the operations of a workload, with its marks. Hidden from the
// list of verbs, for `record` and `run` start it as the workload of a recording.

#include "workload/perform.h"

#include "base/print_error.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "device/file_extents.h"
#include "scenarios/control_socket.h"
#include "workload/scenario.h"
#include "workload/workload_text.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

namespace powercut {

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

// `on_disk`: whether it is about the raw disk.
Workload read_workload(const std::filesystem::path& path, bool& on_disk) {
  if (path.extension() == ".scenario") {
    Scenario scenario = value_or_throw(read_scenario(path));
    on_disk = scenario.file_system == "none";
    if (!scenario.script.empty()) {
      throw Failure(Error{ErrorKind::kUsage,
                          fmt::format("{} has a script and no workload", path.string()),
                          "a script is run by bash"});
    }
    return std::move(scenario.workload);
  }
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad() || std::filesystem::is_directory(path)) {
    throw Failure(Error{ErrorKind::kUsage, fmt::format("cannot read {}", path.string()),
                        "a file of operations, or a .scenario"});
  }
  return value_or_throw(parse_workload(text, {path.string(), 1}));
}

std::filesystem::path disk_from(const Arguments& arguments) {
  const std::string device = arguments.text("in", environment("POWERCUT_DEVICE"));
  if (device.empty()) {
    throw Failure(Error{ErrorKind::kUsage, "no raw disk to perform on",
                        "start it as the workload of `powercut record` without --fs, or "
                        "give --in DEVICE"});
  }
  return device;
}

std::filesystem::path root_from(const Arguments& arguments) {
  const std::string mount = environment("POWERCUT_MOUNT");
  return arguments.text("in", mount.empty() ? "." : mount);
}

std::function<Status(std::string_view)> marker_from(const Arguments& arguments) {
  if (arguments.has("no-marks")) {
    return [](std::string_view /*text*/) -> Status { return {}; };
  }
  const std::filesystem::path socket = environment(kControlVariable);
  if (socket.empty()) {
    throw Failure(Error{ErrorKind::kUsage, "no recording is going on",
                        "start it as the workload of `powercut record`, or give "
                        "--no-marks"});
  }
  return [socket](std::string_view text) { return send_mark(socket, text); };
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()("in", po::value<std::string>(),
                        "the root of the recorded file system; default: $POWERCUT_MOUNT, "
                        "else the current directory; of a scenario with `fs none` the "
                        "disk, default: $POWERCUT_DEVICE")(
      "whole-machine", "sync(2) writes back every file system, not only that one")(
      "no-marks", "perform without a recording");
  const Arguments arguments = parse_arguments(self, options, {"FILE"}, words);
  const std::string file = arguments.text("FILE");
  PerformOptions perform_options;
  perform_options.mark = marker_from(arguments);
  perform_options.whole_machine = arguments.has("whole-machine");
  bool on_disk = false;
  const Workload workload = read_workload(file, on_disk);
  if (on_disk) {
    perform_options.disk = disk_from(arguments);
  } else {
    perform_options.root = root_from(arguments);
    const std::string device = environment("POWERCUT_DEVICE");
    if (!device.empty()) {
      perform_options.overwrite = [device](int fd, const std::string& path,
                                           std::uint64_t offset_bytes,
                                           std::span<const std::byte> data) {
        return write_in_place(fd, path, device, offset_bytes, data);
      };
    }
  }
  const PerformResult result = value_or_throw(perform(workload, perform_options));
  if (!result.failed) {
    return kExitClean;
  }
  const Operation& failed = workload.operations.at(result.failure.operation);
  print_error("{}:{}: {}: {}\n", file, failed.line, to_text(failed),
              std::strerror(result.failure.error_number));
  return kExitFindings;
}

}  // namespace

extern const Command kPerformCommand = {
    "perform",
    "[--in DIR] [--whole-machine] [--no-marks] FILE",
    "do the operations of a workload, inside a recording",
    "Does the operations of a .scenario file, or of a plain file of operations, in the\n"
    "file system that is being recorded, and marks in the log what is acknowledged.\n"
    "The exit code is 1 if an operation failed; nothing follows it.\n\n"
    "example:\n"
    "  powercut record --on loop --fs ext4 --size 64M -o run.log -- \\\n"
    "      powercut perform \"$PWD/rename.scenario\"\n\n",
    &run,
    true};

}  // namespace powercut
