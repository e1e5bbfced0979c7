// SPDX-License-Identifier: GPL-2.0-only
//
// The writes of a workload that were submitted and not yet waited for: kernel aio, each
// with a context of its own and its data.
//
// Thread-safe; a write is waited for by the thread that submitted it. Calls return 0 or
// an errno. The destructor waits for all that are still in flight.

#pragma once

#include "workload/open_files.h"

#include <linux/aio_abi.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace powercut {

struct FreeBytes {
  void operator()(std::byte* memory) const { std::free(memory); }
};

// Memory that O_DIRECT takes.
using AlignedBytes = std::unique_ptr<std::byte, FreeBytes>;

// Null if there is none.
AlignedBytes make_aligned(std::uint64_t length_bytes);

class SubmittedWrites {
 public:
  // Begins the write. The handle stays open until it is complete.
  int submit(OpenFiles::Scope scope, const std::string& name,
             std::shared_ptr<const OpenHandle> handle, AlignedBytes data,
             std::uint64_t offset_bytes, std::uint64_t length_bytes);

  // Until it is complete: what came of it. EINTR after Ctrl-C, EINVAL if there is none.
  int wait(OpenFiles::Scope scope, const std::string& name);

 private:
  struct InFlight {
    InFlight() = default;
    ~InFlight();
    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;

    // The context goes first, and to end it waits: the kernel reads the data until then.
    std::shared_ptr<const OpenHandle> handle;
    AlignedBytes data;
    iocb block = {};
    aio_context_t context = 0;
  };

  std::mutex mutex_;
  std::map<std::pair<OpenFiles::Scope, std::string>, std::unique_ptr<InFlight>>
      writes_;  // mutex_
};

}  // namespace powercut
