// SPDX-License-Identifier: GPL-2.0-only
//
// What the kernel logs from now on: some of its reasons are told nowhere else.

#pragma once

#include "base/fd.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

// Of syslog(2): smaller is more severe.
inline constexpr int kKernelWarning = 4;

// A line of the kernel itself; not of a program that writes to its log.
struct KernelLine {
  int severity = 0;
  std::string text;
};

// Begins to listen when it is made. Where /dev/kmsg cannot be read it hears nothing.
// Hears what other processes cause too: a line is a hint for people, nothing to decide
// by.
class KernelLog {
 public:
  KernelLog();

  // What came since then or since the last call of any of these.
  std::vector<KernelLine> take();

  // The texts of those that begin with one of `prefixes`.
  std::vector<std::string> lines(const std::vector<std::string_view>& prefixes);

  // The texts of those that are of `severity` or more severe.
  std::vector<std::string> lines(int severity);

 private:
  Fd fd_;
};

// The text of a record of /dev/kmsg, without its head, continuation and escapes:
// "6,1234,5678,-;text\n SUBSYSTEM=block\n" is "text". Empty if it is none.
std::string kernel_log_text(std::string_view record);

// The same with its severity; nothing if it is no record, or one of a program.
std::optional<KernelLine> parse_kernel_record(std::string_view record);

}  // namespace powercut
