// SPDX-License-Identifier: GPL-2.0-only
//
// How long a process has waited for a processor while it wanted one: what another
// machine's load has cost it, which is not its own slowness.

#pragma once

#include <sys/types.h>

#include <chrono>

namespace powercut {

// The sum over its threads, of the second field of /proc/PID/task/TID/schedstat (see the
// kernel's Documentation/scheduler/sched-stats.rst); threads that have ended do not
// count. 0 if the process is gone, or the kernel does not tell.
std::chrono::nanoseconds processor_wait(pid_t pid);

}  // namespace powercut
