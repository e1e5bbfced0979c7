// SPDX-License-Identifier: GPL-2.0-only
//
// How a guest can fail: a result like any other, with what its console said last.

#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace powercut {

enum class GuestFailureKind {
  kPanic,        // the kernel panicked: an oops and a BUG are panics in a guest
  kHungTask,     // the kernel saw a task that waits for too long, and panicked
  kLockup,       // a processor of the guest does nothing else any more
  kHang,         // the agent does not beat, or does not answer
  kTimeout,      // a command, or the start, took longer than it may
  kEnded,        // the guest switched itself off, or restarted
  kQemuDied,     // QEMU ended with an error or by a signal
  kSetup,        // the agent could not set the guest up: a module does not load
  kInterrupted,  // Ctrl-C or SIGTERM
};

struct GuestFailure {
  GuestFailureKind kind = GuestFailureKind::kHang;
  std::string message;       // one line, as of an Error
  std::string console_tail;  // the last lines of the console, or empty
};

// "panic", "hung task", ...
std::string_view to_string(GuestFailureKind kind);

// The message, and the console below it, indented; ends with a newline.
std::string describe(const GuestFailure& failure);

// What the console says about why the kernel stopped: the kind and the first line that
// tells. `kind` is kEnded if it says nothing.
struct ConsoleVerdict {
  GuestFailureKind kind = GuestFailureKind::kEnded;
  std::string line;
};

ConsoleVerdict read_console(std::string_view console);

// At most about `lines` lines: the last ones, and if that is not among them, those from
// the line on that tells why the kernel stopped.
std::string console_excerpt(std::string_view console, std::size_t lines);

// The last `lines` lines, without carriage returns and escape sequences.
std::string tail_of(std::string_view console, std::size_t lines);

// The whole file, at most its last 4 MiB; empty if it is not there.
std::string read_console_file(const std::filesystem::path& file);

}  // namespace powercut
