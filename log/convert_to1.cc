// SPDX-License-Identifier: GPL-2.0-only
//
// Two passes: the first finds what format 1 cannot say, before anything is written, and
// what never completed; the second writes.

#include "log/convert_to1.h"

#include "kernel/log-writes/log_format.h"
#include "log/format1_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace powercut {

namespace {

struct Survey {
  std::optional<Error> obstacle;
  std::unordered_set<std::uint64_t> open;  // submissions without completion
  std::uint64_t events = 0;
  std::uint64_t reads = 0;
  std::uint64_t zeroes = 0;
  std::uint64_t secure = 0;
  std::uint64_t nounmap = 0;
};

std::optional<Error> obstacle_of(const Event& event, std::uint32_t sector_bytes) {
  const auto cannot = [&](const std::string& what, const std::string& hint) {
    return Error{ErrorKind::kUsage,
                 fmt::format("cannot convert to format 1: seq {} {}", event.seq, what),
                 hint};
  };
  if (event.type == EventType::kMark &&
      event.text.size() > Format1Writer::max_mark_bytes(sector_bytes)) {
    return cannot(
        fmt::format("is a mark of {} bytes, a sector holds {}", event.text.size(),
                    Format1Writer::max_mark_bytes(sector_bytes)),
        "keep the log in format 2");
  }
  if (event.type == EventType::kComplete && event.status != 0) {
    return cannot(
        fmt::format("says that a {} failed with error {}, which format 1 cannot "
                    "record",
                    to_string(event.op), event.status),
        "keep the log in format 2");
  }
  if (event.type == EventType::kComplete && event.unstable) {
    return cannot("says that a write changed in flight, which format 1 cannot record",
                  "keep the log in format 2");
  }
  if (event.type == EventType::kSubmit && (event.offset_bytes % sector_bytes != 0 ||
                                           event.length_bytes % sector_bytes != 0)) {
    return cannot(fmt::format("has {} bytes at byte {}, no whole sectors of {} bytes",
                              event.length_bytes, event.offset_bytes, sector_bytes),
                  "keep the log in format 2");
  }
  return std::nullopt;
}

Survey survey(const Log& log, std::uint32_t sector_bytes) {
  Survey survey;
  log.visit([&](const Event& event) {
    ++survey.events;
    survey.obstacle = obstacle_of(event, sector_bytes);
    if (survey.obstacle) {
      return Visit::kStop;
    }
    if (event.type == EventType::kSubmit) {
      survey.open.insert(event.seq);
      survey.zeroes += event.op == Op::kWriteZeroes ? 1 : 0;
      survey.secure += event.secure ? 1 : 0;
      survey.nounmap += event.nounmap ? 1 : 0;
    } else if (event.type == EventType::kComplete) {
      survey.open.erase(event.ref_seq);
    } else if (event.type == EventType::kRead) {
      ++survey.reads;
    }
    return Visit::kContinue;
  });
  return survey;
}

// The second pass.
class Emitter {
 public:
  Emitter(const Log& log, const Survey& survey, Format1Writer& writer)
      : log_(log), survey_(survey), writer_(writer) {}

  Status take(const Event& event) {
    if (event.type == EventType::kMark) {
      return writer_.mark(event.text);
    }
    if (event.type == EventType::kSubmit && !survey_.open.contains(event.seq)) {
      open_.emplace(event.seq, event);
      if (event.op == Op::kFlush) {
        flushes_.push_back(event.seq);
      }
    }
    return event.type == EventType::kComplete ? complete(event) : Status{};
  }

  std::uint64_t early_flushes() const { return early_flushes_; }

 private:
  Status complete(const Event& event) {
    const auto found = open_.find(event.ref_seq);
    const Event submission = found->second;
    open_.erase(found);
    if (event.op == Op::kFlush) {
      const auto pending = std::find(flushes_.begin(), flushes_.end(), event.ref_seq);
      if (pending == flushes_.end()) {
        return {};  // logged before a write that overtook it
      }
      flushes_.erase(pending);
      return writer_.entry(item(submission, PC_LOG1_FLUSH), {});
    }
    for (std::uint64_t seq : std::exchange(flushes_, {})) {
      PC_RETURN_IF_ERROR(writer_.entry(item(open_.at(seq), PC_LOG1_FLUSH), {}));
      ++early_flushes_;
    }
    if (event.op == Op::kDiscard) {
      return writer_.entry(item(submission, PC_LOG1_DISCARD), {});
    }
    if (event.op == Op::kWriteZeroes) {
      return writer_.zero_entry(item(submission, 0));
    }
    return writer_.entry(item(submission, 0),
                         log_.bytes(submission.data_pos, submission.data_bytes));
  }

  static Format1Item item(const Event& event, std::uint64_t flags) {
    flags |= event.fua ? PC_LOG1_FUA : 0;
    flags |= event.meta ? PC_LOG1_METADATA : 0;
    return {.flags = flags,
            .offset_bytes = event.offset_bytes,
            .length_bytes = event.length_bytes};
  }

  const Log& log_;
  const Survey& survey_;
  Format1Writer& writer_;
  std::unordered_map<std::uint64_t, Event> open_;
  std::vector<std::uint64_t> flushes_;  // submitted, not logged yet
  std::uint64_t early_flushes_ = 0;
};

std::vector<std::string> losses_of(const Survey& survey, std::uint64_t early_flushes) {
  std::vector<std::string> losses = {
      "submission order, times, submitters and the device's size are not in format 1"};
  const auto add = [&](std::uint64_t count, const char* what) {
    if (count > 0) {
      losses.push_back(fmt::format("{} {}", count, what));
    }
  };
  add(survey.open.size(), "submissions that never completed were left out");
  add(survey.reads, "reads were left out");
  add(survey.zeroes, "write-zeroes became writes of zeros");
  add(survey.nounmap, "no-unmap flags were left out");
  add(survey.secure, "secure erases became discards");
  add(early_flushes,
      "flushes were logged before a write that completed while they were in flight: a "
      "mark between that write and the flush's completion now comes after the flush");
  return losses;
}

}  // namespace

Result<ConvertReport> convert_to1(const Log& log, const std::filesystem::path& path) {
  if (log.devices().size() != 1) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("cannot convert to format 1: the log has {} devices, format 1 "
                    "holds one",
                    log.devices().size()),
        "keep the log in format 2");
  }
  const std::uint32_t sector_bytes = log.devices().front().logical_block_bytes;
  const Survey found = survey(log, sector_bytes);
  if (found.obstacle) {
    return fail(*found.obstacle);
  }
  PC_ASSIGN_OR_RETURN(Format1Writer writer, Format1Writer::create(path, sector_bytes));
  Emitter emitter(log, found, writer);
  Status status;
  log.visit([&](const Event& event) {
    status = emitter.take(event);
    return status ? Visit::kContinue : Visit::kStop;
  });
  PC_RETURN_IF_ERROR(status);
  PC_RETURN_IF_ERROR(writer.close());
  return ConvertReport{.entries_read = found.events,
                       .entries_written = writer.entry_count(),
                       .losses = losses_of(found, emitter.early_flushes())};
}

}  // namespace powercut
