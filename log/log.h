// SPDX-License-Identifier: GPL-2.0-only
//
// A write log opened for reading, whatever its format. The file is mapped, data is never
// copied. Damage is normal (the recording machine may have died): every whole event
// before the damage is given, and the sink hears of every byte that is not.

#pragma once

#include "base/result.h"
#include "log/event.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

enum class LogFormat { k1, k2 };

// Hears about every byte range that a reader could not use. Called while opening.
class DamageSink {
 public:
  virtual ~DamageSink() = default;

  // `why` is one sentence with bounds, offset and cause, fit for the user.
  virtual void on_damage(std::uint64_t offset_bytes, std::uint64_t length_bytes,
                         const std::string& why) = 0;
};

// Keeps the sentences.
class DamageList : public DamageSink {
 public:
  void on_damage(std::uint64_t offset_bytes, std::uint64_t length_bytes,
                 const std::string& why) override;

  const std::vector<std::string>& sentences() const { return sentences_; }

  bool empty() const { return sentences_.empty(); }

 private:
  std::vector<std::string> sentences_;
};

struct LogOptions {
  // Check the data's checksums too (format 2), at memory speed. Off: only headers and
  // events, and the data of the last segments.
  bool verify_data = true;
  // Format 1: go on past nr_entries as long as entries look sound.
  bool salvage = true;
};

// One stop of the visit: go on, or end it.
enum class Visit { kContinue, kStop };

// How a log ends.
enum class LogEnd {
  kClean,    // as its writer ends a log, and nothing was dropped
  kCut,      // the recorder died, the log got full, or something was dropped
  kUnknown,  // format 1 without any mark: QEMU's end so, and logs cut before the first
};

// Immutable after open(); may be read by several threads at once.
class Log {
 public:
  virtual ~Log() = default;

  // Tells the format from the first bytes. Fails if neither format's superblock is
  // there, with what was found instead; damage behind a good superblock goes to `sink`.
  static Result<std::unique_ptr<Log>> open(const std::filesystem::path& path,
                                           const LogOptions& options, DamageSink& sink);

  virtual LogFormat format() const = 0;

  // A sentence's worth about this log: the format, the writer where known (QEMU), ...
  virtual std::string description() const = 0;

  // At least one. Events name devices by index.
  virtual const std::vector<Device>& devices() const = 0;

  // Number of events of the trusted part; of entries in format 1.
  virtual std::uint64_t entry_count() const = 0;

  virtual LogEnd end() const = 0;

  // Where the trusted part ends in the file; what lies behind is not the log.
  virtual std::uint64_t end_bytes() const = 0;

  // Calls `visitor` with each event in log order. Every number in an event has been
  // checked: data lies within the file, op and type are known, completions refer to an
  // earlier submission of the same kind that was not completed before.
  using Visitor = std::function<Visit(const Event&)>;
  virtual void visit(const Visitor& visitor) const = 0;

  // The same from the first event with at least this seq, in O(log n) and without
  // reading data (format 1: after one pass over the entries, made while opening).
  virtual void visit_from(std::uint64_t seq, const Visitor& visitor) const = 0;

  // Bytes of the mapped file; lives as long as the log. The range must come from an
  // event.
  virtual std::span<const std::byte> bytes(std::uint64_t pos,
                                           std::uint64_t length) const = 0;

  // Tells the kernel that the mapped pages are not needed soon (bounds resident memory
  // after a pass).
  virtual void drop_pages() const = 0;

  // XXH3-64 of what identifies the log: the superblock's identity and all headers and
  // events of the trusted part. Names a log in reports and state ids' commands.
  virtual std::uint64_t digest() const = 0;
};

}  // namespace powercut
