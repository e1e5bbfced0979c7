// SPDX-License-Identifier: GPL-2.0-only

#include "workload/submitted_writes.h"

#include "base/signals.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

namespace powercut {
namespace {

constexpr std::uint64_t kAlignment = 4096;  // enough for O_DIRECT everywhere
constexpr timespec kNap = {0, 50'000'000};  // between two looks for Ctrl-C

}  // namespace

AlignedBytes make_aligned(std::uint64_t length_bytes) {
  return AlignedBytes(static_cast<std::byte*>(
      std::aligned_alloc(kAlignment, (length_bytes / kAlignment + 1) * kAlignment)));
}

SubmittedWrites::InFlight::~InFlight() {
  if (context != 0) {
    ::syscall(SYS_io_destroy, context);
  }
}

int SubmittedWrites::submit(OpenFiles::Scope scope, const std::string& name,
                            std::shared_ptr<const OpenHandle> handle, AlignedBytes data,
                            std::uint64_t offset_bytes, std::uint64_t length_bytes) {
  auto write = std::make_unique<InFlight>();
  write->handle = std::move(handle);
  write->data = std::move(data);
  write->block.aio_lio_opcode = IOCB_CMD_PWRITE;
  write->block.aio_fildes = static_cast<std::uint32_t>(write->handle->fd.get());
  write->block.aio_buf = reinterpret_cast<std::uintptr_t>(write->data.get());
  write->block.aio_nbytes = length_bytes;
  write->block.aio_offset = static_cast<std::int64_t>(offset_bytes);
  iocb* list[] = {&write->block};
  if (::syscall(SYS_io_setup, 1, &write->context) != 0 ||
      ::syscall(SYS_io_submit, write->context, 1, list) != 1) {
    return errno;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  writes_[{scope, name}] = std::move(write);
  return 0;
}

int SubmittedWrites::wait(OpenFiles::Scope scope, const std::string& name) {
  std::unique_ptr<InFlight> write;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = writes_.find({scope, name});
    if (found == writes_.end()) {
      return EINVAL;
    }
    write = std::move(found->second);
    writes_.erase(found);
  }
  io_event event = {};
  while (true) {
    timespec nap = kNap;
    const long got = ::syscall(SYS_io_getevents, write->context, 1, 1, &event, &nap);
    if (got == 1) {
      break;
    }
    if (got < 0 && errno != EINTR) {
      return errno;
    }
    if (interrupted()) {
      return EINTR;
    }
  }
  if (event.res < 0) {
    return static_cast<int>(-event.res);
  }
  // A part only: there was no room for the rest.
  return static_cast<std::uint64_t>(event.res) == write->block.aio_nbytes ? 0 : ENOSPC;
}

}  // namespace powercut
