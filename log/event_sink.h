// SPDX-License-Identifier: GPL-2.0-only
//
// Where a recorder puts events: a log writer, or a list in memory for tests.

#pragma once

#include "base/result.h"
#include "log/event.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace powercut {

// A submission as a recorder sees it.
struct Submission {
  std::uint16_t device = 0;
  Op op = Op::kWrite;
  bool fua = false;
  bool meta = false;
  bool sync = false;
  bool nounmap = false;
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;
  std::uint32_t pid = 0;
};

// Safe to call from several threads; the order of calls is the order of the log.
class EventSink {
 public:
  virtual ~EventSink() = default;

  // Records a submission; `data` has length_bytes bytes for a write and is empty
  // otherwise. It is copied or written before the call returns. Returns the sequence
  // number.
  virtual Result<std::uint64_t> submit(const Submission& submission,
                                       std::span<const std::byte> data) = 0;

  // Records the completion of the submission `seq`; status is 0 or a positive errno. A
  // completed flush is in the log file, with all before it, when this returns.
  virtual Status complete(std::uint64_t seq, std::uint32_t status) = 0;

  // Records a mark; it is in the log, durably, when this returns.
  virtual Status mark(std::string_view text) = 0;
};

}  // namespace powercut
