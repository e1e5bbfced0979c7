// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/memory_log.h"

#include <fmt/format.h>

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace powercut {

Result<MemoryLog> MemoryLog::make() {
  MemoryLog log;
  log.fd_ = Fd(::memfd_create("powercut-log", MFD_CLOEXEC));
  if (!log.fd_.valid()) {
    return fail(system_error("cannot make a file in memory", errno));
  }
  log.path_ = fmt::format("/proc/{}/fd/{}", ::getpid(), log.fd_.get());
  return log;
}

}  // namespace powercut
