// SPDX-License-Identifier: GPL-2.0-only
//
// What the kernel logs from now on: some of its reasons are told nowhere else.

#pragma once

#include "base/fd.h"

#include <string>
#include <string_view>
#include <vector>

namespace powercut {

// Begins to listen when it is made. Where /dev/kmsg cannot be read it hears nothing.
// Hears what other processes cause too: a line is a hint for people, nothing to decide
// by.
class KernelLog {
 public:
  KernelLog();

  // The texts of the lines since then that begin with one of `prefixes`.
  std::vector<std::string> lines(const std::vector<std::string_view>& prefixes);

 private:
  Fd fd_;
};

// The text of a record of /dev/kmsg, without its head, continuation and escapes:
// "6,1234,5678,-;text\n SUBSYSTEM=block\n" is "text". Empty if it is none.
std::string kernel_log_text(std::string_view record);

}  // namespace powercut
