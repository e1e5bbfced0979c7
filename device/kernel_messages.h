// SPDX-License-Identifier: GPL-2.0-only
//
// Lines of the kernel's log as part of a result: without what differs from run to run,
// and only those that are about the disk at hand. Text only; listens to nothing.

#pragma once

#include "device/kernel_log.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

inline constexpr std::size_t kMaxKernelMessages = 100;

// `device` ("loop3", "vda") becomes "<disk>"; pointers become "<address>"; numbers of
// processes and processors "<n>". Numbers of blocks and inodes stay.
std::string clean_kernel_message(std::string_view text, std::string_view device);

// Of a machine with one user: all that are of severity warning or worse. Left out is what
// the kernel says of slow processors and of lines that it left out itself: that comes and
// goes.
std::vector<std::string> kernel_messages(const std::vector<KernelLine>& lines,
                                         std::string_view device);

// The same of a machine whose log others fill too: only lines that name `device`, or the
// type of file system and no other loop device. A line about the file system that names
// neither is missed, and one that names its type alone may be about another of the same.
std::vector<std::string> kernel_messages_about(const std::vector<KernelLine>& lines,
                                               std::string_view device,
                                               std::string_view file_system_type);

}  // namespace powercut
