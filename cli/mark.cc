// SPDX-License-Identifier: GPL-2.0-only
//
// powercut mark: puts a mark into the log of a recording that is going on.

#include "base/seen_digest.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "device/device_mapper.h"
#include "device/log_target.h"
#include "device/run_dir.h"
#include "scenarios/control_socket.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <vector>

namespace powercut {

namespace {

// Inside a workload the environment says where the recording listens; outside, the one
// live recording of this machine is meant.
std::filesystem::path find_socket() {
  const char* path = std::getenv(kControlVariable);
  if (path != nullptr && *path != '\0') {
    return path;
  }
  std::vector<std::filesystem::path> found;
  std::error_code ignored;
  for (const std::filesystem::directory_entry& entry :
       std::filesystem::directory_iterator(run_dir_parent(), ignored)) {
    if (entry.path().filename().string().starts_with("powercut-") &&
        run_state(entry.path()) == RunState::kAlive &&
        std::filesystem::exists(entry.path() / "control", ignored)) {
      found.push_back(entry.path() / "control");
    }
  }
  if (found.size() != 1) {
    throw Failure(Error{
        ErrorKind::kUsage,
        found.empty() ? "no recording is going on"
                      : fmt::format("{} recordings are going on", found.size()),
        fmt::format("call it from inside the workload, or set {} to the path of the "
                    "recording's control socket",
                    kControlVariable)});
  }
  return found[0];
}

// Of a script that looked at the devices after a power failure; see docs/stacks.md.
std::string what_was_seen() {
  SeenDigest digest;
  digest.add(std::string(std::istreambuf_iterator<char>(std::cin), {}));
  return "seen " + digest.text();
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()("device", po::value<std::string>(),
                        "name or path of the device-mapper device whose log gets it")(
      "seen", "TEXT is 'seen' and a digest of what is read from standard input");
  const bool seen = std::ranges::find(words, "--seen") != words.end();
  const Arguments arguments = parse_arguments(
      self, options, seen ? std::vector<std::string>() : std::vector<std::string>{"TEXT"},
      words);
  const std::string text = seen ? what_was_seen() : arguments.text("TEXT");
  if (arguments.has("device")) {
    value_or_throw(send_log_mark(dm_name_of(arguments.text("device")), text));
    return kExitClean;
  }
  value_or_throw(send_mark(find_socket(), text));
  return kExitClean;
}

}  // namespace

extern const Command kMarkCommand = {
    "mark", "[--device NAME] TEXT|--seen",
    "put a mark into the log that is being recorded",
    "Returns when the mark is in the log. What was synced before the call is durable at\n"
    "the mark; a check of its data can rely on that.\n\n"
    "With --device it goes straight to a device of the device-mapper target log-writes,\n"
    "whoever made it.\n\n"
    "With --seen it says what was seen after a power failure of a running stack, by the\n"
    "lines \"have X\" and \"fault: X\" of standard input: docs/stacks.md.\n\n"
    "example, inside a workload:\n  sync f && powercut mark f-is-safe\n\n",
    &run};

}  // namespace powercut
