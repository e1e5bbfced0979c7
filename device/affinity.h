// SPDX-License-Identifier: GPL-2.0-only
//
// Keeps a worker, its disk server and its checkers on one processor.
//
// A checker on a served disk waits for each of some hundred small reads. When the server
// thread runs on the same processor, a read costs two switches there; when it runs on
// another, two wake-ups across processors, which took 8 ms instead of 5 for one e2fsck
// of a 64 MiB file system. So a worker pins itself, then starts a server of its own with
// one thread, and workers scale with the processors.

#pragma once

#include <sched.h>

namespace powercut {

// Pins the calling thread, and the threads and children it makes, to processor number
// `index` modulo the count of processors it may use; undone by the destructor, which
// must run in the same thread. Without effect where the kernel refuses.
class PinnedToProcessor {
 public:
  explicit PinnedToProcessor(unsigned index);
  ~PinnedToProcessor();
  PinnedToProcessor(const PinnedToProcessor&) = delete;
  PinnedToProcessor& operator=(const PinnedToProcessor&) = delete;

 private:
  cpu_set_t before_;
};

// How many processors the calling thread may use, at least 1.
unsigned usable_processors();

}  // namespace powercut
