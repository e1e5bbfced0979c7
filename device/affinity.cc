// SPDX-License-Identifier: GPL-2.0-only

#include "device/affinity.h"

#include <algorithm>

namespace powercut {

PinnedToProcessor::PinnedToProcessor(unsigned index) {
  CPU_ZERO(&before_);
  if (::sched_getaffinity(0, sizeof before_, &before_) != 0) {
    return;
  }
  unsigned left = index % usable_processors();
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &before_)) {
      continue;
    }
    if (left-- == 0) {
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(cpu, &one);
      ::sched_setaffinity(0, sizeof one, &one);
      return;
    }
  }
}

PinnedToProcessor::~PinnedToProcessor() {
  if (CPU_COUNT(&before_) > 0) {
    ::sched_setaffinity(0, sizeof before_, &before_);
  }
}

unsigned usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) {
    return 1;
  }
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
}

}  // namespace powercut
