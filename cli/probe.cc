// SPDX-License-Identifier: GPL-2.0-only
//
// powercut probe: inside the script of `--checker stack:SCRIPT`, begins the next probe.

#include "cli/arguments.h"
#include "cli/command.h"
#include "device/script_visit.h"

namespace powercut {

namespace {

int run(const Command& self, const std::vector<std::string>& words) {
  const po::options_description options;
  const Arguments arguments = parse_arguments(self, options, {"LABEL"}, words);
  value_or_throw(announce_part(arguments.text("LABEL")));
  return kExitClean;
}

}  // namespace

extern const Command kProbeCommand = {
    "probe",
    "LABEL",
    "begin a probe, in the script of a stack checker",
    "What the script reads and prints from here on is about LABEL alone, so what else "
    "is\n"
    "pending on the disks is decided apart from it; see docs/stacks.md.\n\n",
    &run,
    true};

}  // namespace powercut
