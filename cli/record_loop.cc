// SPDX-License-Identifier: GPL-2.0-only
//
// powercut record --on loop: a served disk under a loop device.

#include "base/units.h"
#include "cli/mount_privacy.h"
#include "cli/recorder.h"
#include "scenarios/loop_recording.h"

#include <unistd.h>

namespace powercut {

namespace {

LoopRecordingOptions loop_options(const Arguments& arguments) {
  LoopRecordingOptions options;
  options.log = arguments.text("output");
  options.workload = workload_options(arguments);
  options.workload.make_file_system = !arguments.has("image");
  options.image = arguments.text("image");
  options.keep_image = arguments.text("keep-image");
  options.size_bytes = value_or_throw(parse_bytes(arguments.text("size")));
  options.block_bytes = disk_block_bytes(arguments, options.workload);
  return options;
}

void check_usage(const Arguments& arguments) {
  if (!arguments.has("output")) {
    refuse("where does the log go? --output is missing", "see powercut record --help");
  }
  require_command(arguments);
  if (!arguments.values["mount-options"].defaulted() && arguments.text("fs").empty()) {
    refuse("--mount-options without --fs", "name the file system: --fs ext4");
  }
  if (arguments.has("image") && !arguments.values["size"].defaulted()) {
    refuse("--size does not go with --image", "the disk is as large as the image");
  }
  if (arguments.has("image") && !arguments.text("mkfs-options").empty()) {
    refuse("--mkfs-options does not go with --image", "there is a file system already");
  }
}

void add_options(po::options_description& options) {
  options.add_options()("size", po::value<std::string>()->default_value("64M"),
                        "size of the disk")(
      "block-size", po::value<std::uint32_t>()->default_value(0),
      "logical block size of the disk: 512, 1024, 2048, 4096 (0: 4096, or the smaller "
      "one "
      "that the mkfs options ask for; 512 without --fs)")(
      "image", po::value<std::string>(),
      "record over a copy of this image instead of a new file system")(
      "keep-image", po::value<std::string>(), "keep the disk's final bytes in this file");
}

int run(const Arguments& arguments) {
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
  return tell_recording(result.workload, result.log_bytes, arguments.text("output"));
}

}  // namespace

extern const Recorder kLoopRecorder = {
    "loop", "a served disk under a loop device; needs no kernel module", &add_options,
    &run};

}  // namespace powercut
