// SPDX-License-Identifier: GPL-2.0-only
//
// powercut record: runs a workload on a recorded disk.

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/recorder.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

namespace powercut {

namespace {

constexpr std::array<const Recorder*, 3> kRecorders = {&kLoopRecorder, &kDmRecorder,
                                                       &kGuestRecorder};

const Recorder& chosen_recorder(const std::string& name) {
  std::string names;
  for (const Recorder* recorder : kRecorders) {
    if (name == recorder->name) {
      return *recorder;
    }
    names += fmt::format("{}{}", names.empty() ? "" : ", ", recorder->name);
  }
  refuse(fmt::format("cannot record on '{}'", name),
         fmt::format("--on is one of: {}", names));
}

bool shares(const Recorder& recorder, const std::string& name) {
  return fmt::format(" {} ", recorder.shared).find(fmt::format(" {} ", name)) !=
         std::string::npos;
}

// An option that does nothing is a mistake of whoever gave it.
void refuse_options_of_others(const Recorder& chosen, const Arguments& arguments) {
  for (const Recorder* other : kRecorders) {
    po::options_description options;
    other->add_options(options);
    for (const auto& option : options.options()) {
      const std::string& name = option->long_name();
      if (other != &chosen && !shares(chosen, name) && arguments.has(name) &&
          !arguments.values[name].defaulted()) {
        refuse(fmt::format("--{} does not go with --on {}", name, chosen.name),
               fmt::format("it belongs to --on {}", other->name));
      }
    }
  }
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()("on", po::value<std::string>()->default_value("loop"),
                        "what records: one of the headings below")(
      "output,o", po::value<std::string>(), "the log")(
      "fs", po::value<std::string>()->default_value(""),
      "file system to make and mount (none: the workload gets $POWERCUT_DEVICE)")(
      "mkfs-options", po::value<std::string>()->default_value(""),
      "more arguments for mkfs, as one string")(
      "mount-options", po::value<std::string>()->default_value(""),
      "as mount -o takes them");
  for (const Recorder* recorder : kRecorders) {
    po::options_description own(
        fmt::format("--on {}, {}", recorder->name, recorder->summary));
    recorder->add_options(own);
    options.add(own);
  }
  Arguments arguments = parse_arguments(self, options, {}, words, true);
  const Recorder& recorder = chosen_recorder(arguments.text("on"));
  refuse_options_of_others(recorder, arguments);
  return recorder.run(arguments);
}

}  // namespace

extern const Command kRecordCommand = {
    "record", "--on loop|dm|guest --fs FS -o LOG -- COMMAND ...",
    "run a workload on a recorded disk",
    "Makes a disk, a file system on it, mounts it, runs the command in it and unmounts;\n"
    "every write, flush, discard and mark of all that goes into the log. Inside the\n"
    "workload `powercut mark TEXT` puts a mark into it; the log has the marks mkfs and\n"
    "end by itself.\n\n"
    "examples:\n"
    "  powercut record --on loop --fs ext4 --size 64M -o run.log -- ./workload.sh\n"
    "  powercut record --on loop --fs ext4 --mkfs-options '-b 1024 -O ^has_journal' \\\n"
    "      --keep-image end.img -o run.log -- sh -c 'mkdir d; mv d e'\n"
    "  powercut record --on dm --device /dev/vdb --log /dev/vdc --fs ext4 \\\n"
    "      -o run.log -- ./workload.sh\n"
    "  powercut record --on guest --kernel ~/linux --fs xfs --size 400M -o run.log -- "
    "./workload.sh\n\n",
    &run};

}  // namespace powercut
