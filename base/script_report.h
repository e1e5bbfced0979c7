// SPDX-License-Identifier: GPL-2.0-only
//
// What a guest is asked to run on the disks of a state (a script that assembles a stack
// of block devices on them and looks at it), and what came of it. Plain data: the asking
// is in checkers/, the running in device/.

#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace powercut {

// The environment variable that tells `powercut probe` its descriptor.
inline constexpr const char* kProbeVariable = "POWERCUT_PROBE";

struct ScriptRequest {
  std::string text;                     // for bash -eu
  std::vector<std::string> disk_names;  // variables that get the paths of the disks
  std::chrono::milliseconds timeout{60000};
};

// What was printed, standard output and errors as they came, until the next
// `powercut probe LABEL`. The first part is the base and has no label.
struct ScriptPart {
  std::string label;
  std::string output;  // bounded
  bool cut = false;    // it printed more than that
};

struct ScriptReport {
  std::vector<ScriptPart> parts;  // at least one, if the script was started
  bool too_many_parts = false;    // not all it announced; their output is in the last
  std::optional<int> code;        // exactly one of code and signal, if it ended by itself
  std::optional<int> signal;
  // What it left behind and we could not take down: "dm-3", "md0", "/mnt".
  std::vector<std::string> left;
  // Of kernel severity warning and worse, without times; while it ran.
  std::vector<std::string> kernel_messages;
  // The guest died of it: "kernel panic: ...".
  std::optional<std::string> machine_failure;
  bool timed_out = false;    // or it took too long, and the guest was ended
  std::string console_tail;  // with either
};

}  // namespace powercut
