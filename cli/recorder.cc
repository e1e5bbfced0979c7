// SPDX-License-Identifier: GPL-2.0-only

#include "cli/recorder.h"

#include "base/print_error.h"
#include "base/signals.h"
#include "checkers/command.h"
#include "report/text.h"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

namespace powercut {

namespace {

// A block is what a disk writes as a whole. The file system's own block is taken, so that
// no state tears one apart which a disk of 4 KiB sectors could not tear; mkfs options
// that ask for smaller blocks get them.
std::uint32_t block_bytes_for(const WorkloadOptions& options) {
  constexpr std::uint32_t kDefault = 4096;
  if (options.file_system.empty() || !options.make_file_system) {
    return 512;
  }
  const std::vector<std::string>& words = options.mkfs_options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string value;
    if (words[i] == "-b" && i + 1 < words.size()) {
      value = words[i + 1];
    } else if (words[i].starts_with("-b")) {
      value = words[i].substr(2);
    }
    if (value.starts_with("size=")) {
      value = value.substr(5);
    }
    for (std::uint32_t bytes : {512U, 1024U, 2048U}) {
      if (value == fmt::format("{}", bytes)) {
        return bytes;
      }
    }
  }
  return kDefault;
}

}  // namespace

WorkloadOptions workload_options(const Arguments& arguments) {
  WorkloadOptions options;
  options.file_system = arguments.text("fs");
  options.mkfs_options = value_or_throw(split_words(arguments.text("mkfs-options")));
  options.mount_options = arguments.text("mount-options");
  options.command = arguments.command;
  return options;
}

std::uint32_t disk_block_bytes(const Arguments& arguments,
                               const WorkloadOptions& workload) {
  const std::uint32_t block = arguments.values["block-size"].as<std::uint32_t>();
  if (block != 0 && block != 512 && block != 1024 && block != 2048 && block != 4096) {
    refuse(fmt::format("a block of {} bytes", block), "--block-size is 512 to 4096");
  }
  return block != 0 ? block : block_bytes_for(workload);
}

void refuse(std::string message, std::string hint) {
  throw Failure(Error{ErrorKind::kUsage, std::move(message), std::move(hint)});
}

void check_disk_name(const std::string& name) {
  constexpr std::size_t kMostBytes = 40;  // of 48 in the log's device table
  if (name.empty() || name.size() > kMostBytes ||
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") !=
          std::string::npos) {
    refuse(
        fmt::format("'{}' is no name for a disk", name),
        fmt::format("letters, digits, _ - and . make a name of at most {}", kMostBytes));
  }
}

void check_target_words(const Arguments& arguments) {
  const std::string full = arguments.text("on-full", "error");
  if (full != "error" && full != "stop") {
    refuse(fmt::format("cannot do '{}' when the log is full", full),
           "--on-full is error or stop");
  }
  const std::string ack = arguments.text("ack", "log");
  if (ack != "log" && ack != "device") {
    refuse(fmt::format("a flush cannot be told as done by '{}'", ack),
           "--ack is log or device");
  }
}

void require_command(const Arguments& arguments) {
  if (arguments.command.empty()) {
    refuse("no workload", "the command to run goes behind --");
  }
  if (!arguments.text("mkfs-options").empty() && arguments.text("fs").empty()) {
    refuse("--mkfs-options without --fs", "name the file system: --fs ext4");
  }
}

int tell_recording(const ExitState& workload, std::uint64_t log_bytes,
                   const std::string& log) {
  print_error("powercut: recorded {} into {}\n", bytes_text(log_bytes), log);
  if (workload.interrupted || interrupted()) {
    print_error("powercut: interrupted; the log is whole up to there\n");
    return kExitInterrupted;
  }
  if (!workload.succeeded()) {
    throw Failure(Error{ErrorKind::kSystem,
                        fmt::format("the workload failed: {}", to_string(workload)),
                        "the log holds all it did until then"});
  }
  return kExitClean;
}

}  // namespace powercut
