// SPDX-License-Identifier: GPL-2.0-only
//
// powercut record: runs a workload on a recorded disk.

#include "base/signals.h"
#include "base/units.h"
#include "checkers/command.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/mount_privacy.h"
#include "report/text.h"
#include "scenarios/loop_recording.h"

#include <fmt/format.h>

#include <unistd.h>

#include <cstdio>

namespace powercut {

namespace {

// A block is what a disk writes as a whole. The file system's own block is taken, so that
// no state tears one apart which a disk of 4 KiB sectors could not tear; mkfs options
// that ask for smaller blocks get them.
std::uint32_t block_bytes_for(const LoopRecordingOptions& options) {
  constexpr std::uint32_t kDefault = 4096;
  if (options.file_system.empty() || !options.image.empty()) {
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

LoopRecordingOptions loop_options(const Arguments& arguments) {
  LoopRecordingOptions options;
  options.log = arguments.text("output");
  options.file_system = arguments.text("fs");
  options.mkfs_options = value_or_throw(split_words(arguments.text("mkfs-options")));
  options.mount_options = arguments.text("mount-options");
  options.image = arguments.text("image");
  options.keep_image = arguments.text("keep-image");
  options.size_bytes = value_or_throw(parse_bytes(arguments.text("size")));
  options.block_bytes = arguments.values["block-size"].as<std::uint32_t>();
  if (options.block_bytes == 0) {
    options.block_bytes = block_bytes_for(options);
  }
  options.command = arguments.command;
  return options;
}

void check_usage(const Arguments& arguments) {
  auto refuse = [](std::string message, std::string hint) {
    throw Failure(Error{ErrorKind::kUsage, std::move(message), std::move(hint)});
  };
  if (arguments.text("on") != "loop") {
    refuse(fmt::format("cannot record on '{}'", arguments.text("on")),
           "this build records on a loop device: --on loop");
  }
  if (!arguments.has("output")) {
    refuse("where does the log go? --output is missing", "see powercut record --help");
  }
  if (arguments.command.empty()) {
    refuse("no workload", "the command to run goes behind --");
  }
  std::uint32_t block = arguments.values["block-size"].as<std::uint32_t>();
  if (block != 0 && block != 512 && block != 1024 && block != 2048 && block != 4096) {
    refuse(fmt::format("a block of {} bytes", block), "--block-size is 512 to 4096");
  }
  if (!arguments.has("image") && !arguments.values["mount-options"].defaulted() &&
      arguments.text("fs").empty()) {
    refuse("--mount-options without --fs", "name the file system: --fs ext4");
  }
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()("on", po::value<std::string>()->default_value("loop"),
                        "what records: loop")("output,o", po::value<std::string>(),
                                              "the log")(
      "fs", po::value<std::string>()->default_value(""),
      "file system to make and mount (none: the workload gets $POWERCUT_DEVICE)")(
      "size", po::value<std::string>()->default_value("64M"), "size of the disk")(
      "block-size", po::value<std::uint32_t>()->default_value(0),
      "logical block size of the disk: 512, 1024, 2048, 4096 (0: 4096, or the smaller "
      "one "
      "that the mkfs options ask for; 512 without --fs)")(
      "mkfs-options", po::value<std::string>()->default_value(""),
      "more arguments for mkfs, as one string")(
      "mount-options", po::value<std::string>()->default_value(""),
      "as mount -o takes them")(
      "image", po::value<std::string>(),
      "record over a copy of this image instead of a new file system")(
      "keep-image", po::value<std::string>(), "keep the disk's final bytes in this file");
  Arguments arguments = parse_arguments(self, options, {}, words, true);
  check_usage(arguments);
  if (::geteuid() != 0) {
    throw Failure(
        Error{ErrorKind::kMissing,
              "record --on loop needs root: it sets up a loop device and mounts",
              "run it as root"});
  }
  hide_mounts();
  RunDir run_dir = value_or_throw(RunDir::create());
  LoopRecordingResult result =
      value_or_throw(record_on_loop(loop_options(arguments), run_dir));
  fmt::print(stderr, "powercut: recorded {} into {}\n", bytes_text(result.log_bytes),
             arguments.text("output"));
  if (result.workload.interrupted || interrupted()) {
    fmt::print(stderr, "powercut: interrupted; the log is whole up to there\n");
    return kExitInterrupted;
  }
  if (!result.workload.succeeded()) {
    throw Failure(
        Error{ErrorKind::kSystem,
              fmt::format("the workload failed: {}", to_string(result.workload)),
              "the log holds all it did until then"});
  }
  return kExitClean;
}

}  // namespace

extern const Command kRecordCommand = {
    "record", "--on loop --fs FS -o LOG -- COMMAND ...",
    "run a workload on a recorded disk",
    "Makes a disk, a file system on it, mounts it, runs the command in it and unmounts;\n"
    "every write, flush, discard and mark of all that goes into the log. Inside the\n"
    "workload `powercut mark TEXT` puts a mark into it; the log has the marks mkfs and\n"
    "end by itself.\n\n"
    "examples:\n"
    "  powercut record --on loop --fs ext4 --size 64M -o run.log -- ./workload.sh\n"
    "  powercut record --on loop --fs ext4 --mkfs-options '-b 1024 -O ^has_journal' \\\n"
    "      --keep-image end.img -o run.log -- sh -c 'mkdir d; mv d e'\n\n",
    &run};

}  // namespace powercut
