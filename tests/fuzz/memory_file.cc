// SPDX-License-Identifier: GPL-2.0-only

#include "base/ensure.h"
#include "tests/fuzz/fuzz_target.h"

#include <fmt/format.h>

#include <sys/mman.h>
#include <unistd.h>

namespace powercut {

MemoryFile::MemoryFile() : fd_(::memfd_create("powercut-fuzz", MFD_CLOEXEC)) {
  PC_ENSURE(fd_ >= 0, "memfd_create failed");
  path_ = fmt::format("/proc/self/fd/{}", fd_);
}

MemoryFile::~MemoryFile() {
  ::close(fd_);
}

void MemoryFile::clear() {
  PC_ENSURE(::ftruncate(fd_, 0) == 0, "ftruncate failed");
}

void MemoryFile::write(std::uint64_t offset_bytes, std::span<const std::byte> bytes) {
  PC_ENSURE(::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset_bytes)) ==
                static_cast<ssize_t>(bytes.size()),
            "pwrite failed");
}

}  // namespace powercut
