// SPDX-License-Identifier: GPL-2.0-only
//
// A log in the other format.
//
// 1 to 2: each entry becomes a submission and at once its completion; marks and order
// stay. What format 1 never knew (submission order, times, submitters) stays unknown.
//
// 2 to 1: entries in completion order with marks in their place, which never loses the
// order of overlapping writes. (Upstream holds plain writes back until the next flush and
// lets marks and FUA writes overtake them.) A flush is logged when it completes, but
// before any write that completed while it was in flight: that write is not covered by
// it. What cannot be said in format 1 is an Error: several devices, failed I/O, a write
// that changed in flight, a mark too long for a sector.

#pragma once

#include "base/result.h"
#include "log/log.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace powercut {

struct ConvertOptions {
  LogFormat target = LogFormat::k2;
  // 1 to 2: the device's size. 0: up to the furthest byte touched, in whole MiB.
  std::uint64_t size_bytes = 0;
  // 1 to 2: of the new log.
  std::uint32_t block_bytes = 4096;
};

struct ConvertReport {
  std::uint64_t entries_read = 0;     // entries of format 1, or events
  std::uint64_t entries_written = 0;  // events, or entries of format 1
  std::vector<std::string> losses;    // a sentence each, fit for the user
};

// Replaces what is in `path`.
Result<ConvertReport> convert(const Log& log, const std::filesystem::path& path,
                              const ConvertOptions& options);

}  // namespace powercut
