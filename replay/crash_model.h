// SPDX-License-Identifier: GPL-2.0-only
//
// What the device is allowed to do, and what a broken one does. docs/crash-model.md is
// the page to this file.

#pragma once

#include "base/result.h"
#include "replay/timeline.h"

#include <cstdint>
#include <string>
#include <vector>

namespace powercut {

enum class DeviceModel {
  kVolatileCache,  // completed writes may be lost until a flush or FUA covers them
  kWriteThrough,   // a completed write is durable
  kOrdered,        // prefixes of the completion order only: what replay-log tests
};

enum class DiscardPolicy {
  kAsRecorded,  // kZero if the device said so or did not say (format 1), else kEither
  kKeep,        // a discard changes nothing
  kZero,        // a discard is a write of zeros
  kEither,      // old or zeros, until overwritten
};

// Faults break promises a sound device keeps; findings under a fault say so.
struct FaultModel {
  enum class Kind {
    kNone,
    kIgnoreFlush,  // flush `number` (from 1; 0: all) makes nothing durable
    kIgnoreFua,    // a FUA write is a plain write
    kCorrupt,      // a pending unit may hold garbage
    kLostWrite,    // the write with seq `number` is never durable
  };
  Kind kind = Kind::kNone;
  std::uint64_t number = 0;
};

struct CrashModel {
  DeviceModel device = DeviceModel::kVolatileCache;
  FaultModel fault;
  DiscardPolicy discard = DiscardPolicy::kAsRecorded;
  // Bytes of the atomic unit (a power of two from 512 to 65536); 0: a write is atomic.
  std::uint32_t atomic_bytes = 0;
};

// Bytes of the units in which states of this model are told apart. The ordered model
// knows no torn writes, so its units are those that every write covers wholly.
std::uint32_t unit_bytes_for(const Timeline& timeline, const CrashModel& model);

// As typed and printed: "volatile-cache", "write-through", "ordered".
Result<DeviceModel> parse_device_model(const std::string& text);
std::string to_string(DeviceModel model);

// "ignore-flush:3", "ignore-flush:all" (or "ignore-flush"), "ignore-fua", "corrupt",
// "lost-write:412", "none".
Result<FaultModel> parse_fault(const std::string& text);
std::string to_string(const FaultModel& fault);

Result<DiscardPolicy> parse_discard_policy(const std::string& text);
std::string to_string(DiscardPolicy discard);

// When each write of a timeline becomes durable under a model. Immutable.
class Durability {
 public:
  // Fails on a fault that names a flush or write which the timeline does not have.
  static Result<Durability> build(const Timeline& timeline, const CrashModel& model);

  const CrashModel& model() const { return model_; }

  // Position of the event that makes the write durable; kNever: none does.
  EventPos durable_at(WriteIndex write) const { return durable_at_[write]; }

  bool durable(WriteIndex write, Cut cut) const { return durable_at_[write] < cut; }

  // The write changes nothing under this model (a discard under kKeep; under kOrdered a
  // write that failed or never completed).
  bool ignored(WriteIndex write) const { return durable_at_[write] == kIgnored; }

  // Writes submitted before `cut` that are neither durable nor ignored, ascending. Skips
  // stretches of the log that are durable as a whole.
  std::vector<WriteIndex> pending(const Timeline& timeline, Cut cut) const;

  // Sorted positions at which the set of durable writes grows.
  std::vector<EventPos> growth_points() const;

 private:
  static constexpr EventPos kIgnored = kNever - 1;
  static constexpr std::size_t kStretch = 1024;

  Durability(const Timeline& timeline, const CrashModel& model);
  void assign(const Timeline& timeline);
  void summarize();

  CrashModel model_;
  std::vector<EventPos> durable_at_;
  std::vector<EventPos> stretch_latest_;  // latest durable_at of each kStretch writes
};

}  // namespace powercut
