// SPDX-License-Identifier: GPL-2.0-only

#include "log/convert.h"

#include "kernel/log-writes/log_format.h"
#include "log/convert_to1.h"
#include "log/format2_writer.h"
#include "log/wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace powercut {

namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;

struct Extent {
  std::uint64_t end_bytes = 0;      // of the furthest byte touched
  std::uint64_t last_seq = 0;       // of the last entry with an event
  std::uint64_t with_event = 0;     // entries that became an event
  std::uint64_t longest_bytes = 0;  // of any write
};

Extent measure(const Log& log) {
  Extent extent;
  log.visit([&](const Event& event) {
    if (extent.with_event == 0 || event.seq != extent.last_seq) {
      ++extent.with_event;
      extent.last_seq = event.seq;
    }
    if (event.type != EventType::kMark) {
      extent.end_bytes =
          std::max(extent.end_bytes, event.offset_bytes + event.length_bytes);
    }
    extent.longest_bytes = std::max(extent.longest_bytes, event.data_bytes);
    return Visit::kContinue;
  });
  return extent;
}

// Writes one event of a format-1 log; `seq` is that of the submission in the new log.
class Emitter {
 public:
  Emitter(const Log& log, Format2Writer& writer) : log_(log), writer_(writer) {}

  Status take(const Event& event) {
    if (event.type == EventType::kMark && event.text.empty()) {
      ++empty_marks_;
      return {};
    }
    ++events_;
    if (event.type == EventType::kMark) {
      return writer_.mark(event.text);
    }
    if (event.type == EventType::kComplete) {
      return writer_.complete(seq_, 0);
    }
    const Submission submission{.op = event.op,
                                .fua = event.fua,
                                .meta = event.meta,
                                .offset_bytes = event.offset_bytes,
                                .length_bytes = event.length_bytes};
    PC_ASSIGN_OR_RETURN(
        seq_, writer_.submit(submission, log_.bytes(event.data_pos, event.data_bytes)));
    return {};
  }

  std::uint64_t events() const { return events_; }

  std::uint64_t empty_marks() const { return empty_marks_; }

 private:
  const Log& log_;
  Format2Writer& writer_;
  std::uint64_t seq_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t empty_marks_ = 0;
};

Result<ConvertReport> convert_to2(const Log& log, const std::filesystem::path& path,
                                  const ConvertOptions& options) {
  const Extent extent = measure(log);
  if (options.size_bytes != 0 && options.size_bytes < extent.end_bytes) {
    return fail(ErrorKind::kUsage,
                fmt::format("cannot convert: the log writes up to byte {}, the device is "
                            "given as {} bytes",
                            extent.end_bytes, options.size_bytes),
                "leave the size out to take it from the log");
  }
  if (extent.longest_bytes > PC_SEGMENT_MAX_DATA) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("cannot convert: a write of {} bytes is longer than a format-2 "
                    "segment ({} bytes)",
                    extent.longest_bytes, PC_SEGMENT_MAX_DATA));
  }
  Format2Options format2;
  format2.devices = log.devices();
  // What a discard leaves in format 1: zeros.
  format2.devices.front().discard_zeroes = true;
  format2.block_bytes = options.block_bytes;
  format2.record_times = false;
  format2.devices.front().size_bytes =
      options.size_bytes != 0
          ? options.size_bytes
          : std::min(round_up(std::max(extent.end_bytes, kMiB), kMiB), kMaxDeviceBytes);
  PC_ASSIGN_OR_RETURN(std::unique_ptr<Format2Writer> writer,
                      Format2Writer::create(path, format2));
  Emitter emitter(log, *writer);
  Status status;
  log.visit([&](const Event& event) {
    status = emitter.take(event);
    return status ? Visit::kContinue : Visit::kStop;
  });
  PC_RETURN_IF_ERROR(status);
  PC_RETURN_IF_ERROR(writer->close());
  ConvertReport report{.entries_read = log.entry_count(),
                       .entries_written = emitter.events(),
                       .losses = {}};
  if (log.entry_count() > extent.with_event) {
    report.losses.push_back(fmt::format("{} entries of no bytes were left out",
                                        log.entry_count() - extent.with_event));
  }
  if (emitter.empty_marks() > 0) {
    report.losses.push_back(
        fmt::format("{} marks without a text were left out", emitter.empty_marks()));
  }
  return report;
}

}  // namespace

Result<ConvertReport> convert(const Log& log, const std::filesystem::path& path,
                              const ConvertOptions& options) {
  if (log.format() == options.target) {
    return fail(ErrorKind::kUsage,
                fmt::format("cannot convert: the log already is in format {}",
                            log.format() == LogFormat::k1 ? 1 : 2));
  }
  return options.target == LogFormat::k2 ? convert_to2(log, path, options)
                                         : convert_to1(log, path);
}

}  // namespace powercut
