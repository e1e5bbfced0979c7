// SPDX-License-Identifier: GPL-2.0-only

#include "replay/crash_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

namespace powercut {

std::uint32_t unit_bytes_for(const Timeline& timeline, const CrashModel& model) {
  return model.atomic_bytes == 0 || model.device == DeviceModel::kOrdered
             ? timeline.granularity_bytes()
             : model.atomic_bytes;
}

Result<DeviceModel> parse_device_model(const std::string& text) {
  if (text == "volatile-cache") {
    return DeviceModel::kVolatileCache;
  }
  if (text == "write-through") {
    return DeviceModel::kWriteThrough;
  }
  if (text == "ordered") {
    return DeviceModel::kOrdered;
  }
  return fail(ErrorKind::kUsage, fmt::format("unknown device model '{}'", text),
              "device models are volatile-cache, write-through and ordered");
}

std::string to_string(DeviceModel model) {
  switch (model) {
    case DeviceModel::kVolatileCache:
      return "volatile-cache";
    case DeviceModel::kWriteThrough:
      return "write-through";
    case DeviceModel::kOrdered:
      return "ordered";
  }
  return "unknown";
}

Result<FaultModel> parse_fault(const std::string& text) {
  auto unknown = [&] {
    return fail(ErrorKind::kUsage, fmt::format("unknown fault '{}'", text),
                "faults are ignore-flush:N, ignore-flush:all, ignore-fua, corrupt and "
                "lost-write:SEQ");
  };
  // "ignore-flush:3"; "ignore-flush=3" and "ignore-flush 3" are understood too.
  std::size_t colon = text.find_first_of(":= ");
  std::string kind = text.substr(0, colon);
  std::string rest = colon == std::string::npos ? "" : text.substr(colon + 1);
  using Kind = FaultModel::Kind;
  if (rest.empty() && colon == std::string::npos) {
    if (kind == "none") {
      return FaultModel{};
    }
    if (kind == "ignore-flush") {
      return FaultModel{Kind::kIgnoreFlush, 0};
    }
    if (kind == "ignore-fua") {
      return FaultModel{Kind::kIgnoreFua, 0};
    }
    if (kind == "corrupt") {
      return FaultModel{Kind::kCorrupt, 0};
    }
    return unknown();
  }
  if (kind == "ignore-flush" && rest == "all") {
    return FaultModel{Kind::kIgnoreFlush, 0};
  }
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (rest.empty() || error != std::errc() || end != rest.data() + rest.size()) {
    return unknown();
  }
  if (kind == "ignore-flush" && number > 0) {
    return FaultModel{Kind::kIgnoreFlush, number};
  }
  if (kind == "lost-write") {
    return FaultModel{Kind::kLostWrite, number};
  }
  return unknown();
}

std::string to_string(const FaultModel& fault) {
  switch (fault.kind) {
    case FaultModel::Kind::kNone:
      return "none";
    case FaultModel::Kind::kIgnoreFlush:
      return fault.number == 0 ? "ignore-flush:all"
                               : fmt::format("ignore-flush:{}", fault.number);
    case FaultModel::Kind::kIgnoreFua:
      return "ignore-fua";
    case FaultModel::Kind::kCorrupt:
      return "corrupt";
    case FaultModel::Kind::kLostWrite:
      return fmt::format("lost-write:{}", fault.number);
  }
  return "unknown";
}

Result<DiscardPolicy> parse_discard_policy(const std::string& text) {
  if (text == "recorded") {
    return DiscardPolicy::kAsRecorded;
  }
  if (text == "keep") {
    return DiscardPolicy::kKeep;
  }
  if (text == "zero") {
    return DiscardPolicy::kZero;
  }
  if (text == "either") {
    return DiscardPolicy::kEither;
  }
  return fail(ErrorKind::kUsage, fmt::format("unknown discard policy '{}'", text),
              "discard policies are recorded, keep, zero and either");
}

std::string to_string(DiscardPolicy discard) {
  switch (discard) {
    case DiscardPolicy::kAsRecorded:
      return "recorded";
    case DiscardPolicy::kKeep:
      return "keep";
    case DiscardPolicy::kZero:
      return "zero";
    case DiscardPolicy::kEither:
      return "either";
  }
  return "unknown";
}

namespace {

// The flushes of one domain that count, and for each the earliest completion among it
// and all submitted later: a write that completed before its submission is durable then.
struct DomainFlushes {
  std::vector<EventPos> submits;
  std::vector<EventPos> earliest_completion;

  EventPos covers(EventPos write_complete) const {
    auto it = std::upper_bound(submits.begin(), submits.end(), write_complete);
    return it == submits.end()
               ? kNever
               : earliest_completion[static_cast<std::size_t>(it - submits.begin())];
  }
};

std::map<std::uint32_t, DomainFlushes> counting_flushes(const Timeline& timeline,
                                                        const FaultModel& fault) {
  std::map<std::uint32_t, DomainFlushes> domains;
  std::uint64_t number = 0;
  for (const Flush& flush : timeline.flushes()) {
    if (flush.complete == kNever) {
      continue;
    }
    ++number;
    if (fault.kind == FaultModel::Kind::kIgnoreFlush &&
        (fault.number == 0 || fault.number == number)) {
      continue;
    }
    domains[flush.domain].submits.push_back(flush.submit);
    domains[flush.domain].earliest_completion.push_back(flush.complete);
  }
  for (auto& [domain, flushes] : domains) {
    std::vector<EventPos>& earliest = flushes.earliest_completion;
    for (std::size_t i = earliest.size(); i-- > 1;) {
      earliest[i - 1] = std::min(earliest[i - 1], earliest[i]);
    }
  }
  return domains;
}

DiscardPolicy policy_for(const Timeline& timeline, const CrashModel& model,
                         const Device& device) {
  if (model.discard != DiscardPolicy::kAsRecorded) {
    return model.discard;
  }
  bool zeroes = timeline.log().format() == LogFormat::k1 || device.discard_zeroes;
  return zeroes ? DiscardPolicy::kZero : DiscardPolicy::kEither;
}

}  // namespace

Durability::Durability(const Timeline& timeline, const CrashModel& model)
    : model_(model), durable_at_(timeline.writes().size(), kNever) {}

Result<Durability> Durability::build(const Timeline& timeline, const CrashModel& model) {
  if (model.fault.kind == FaultModel::Kind::kIgnoreFlush && model.fault.number != 0) {
    std::uint64_t count = 0;
    for (const Flush& flush : timeline.flushes()) {
      count += flush.complete != kNever ? 1 : 0;
    }
    if (model.fault.number > count) {
      return fail(ErrorKind::kUsage,
                  fmt::format("no flush {} to ignore in this log", model.fault.number),
                  fmt::format("it has {} completed flushes, counted from 1", count));
    }
  }
  if (model.fault.kind == FaultModel::Kind::kLostWrite &&
      timeline.write_with_seq(model.fault.number) == kNoWrite) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("entry {} is no write that could be lost", model.fault.number),
        "`powercut log list LOG` prints the numbers of the writes");
  }
  Durability durability(timeline, model);
  durability.assign(timeline);
  durability.summarize();
  return durability;
}

void Durability::assign(const Timeline& timeline) {
  using Kind = FaultModel::Kind;
  std::map<std::uint32_t, DomainFlushes> domains =
      counting_flushes(timeline, model_.fault);
  for (WriteIndex i = 0; i < durable_at_.size(); ++i) {
    const Write& write = timeline.write(i);
    const Device& device = timeline.devices()[write.device];
    EventPos& at = durable_at_[i];
    bool either = false;
    if (write.op == Op::kDiscard) {
      DiscardPolicy policy = policy_for(timeline, model_, device);
      if (policy == DiscardPolicy::kKeep) {
        at = kIgnored;
        continue;
      }
      either = policy == DiscardPolicy::kEither;
    }
    if (write.has(kWriteFailed) || write.complete == kNever || either ||
        write.has(kWriteUnstable)) {
      if (model_.device == DeviceModel::kOrdered &&
          (write.has(kWriteFailed) || write.complete == kNever)) {
        at = kIgnored;
      } else if (model_.device == DeviceModel::kOrdered) {
        at = write.complete;
      }
      continue;
    }
    if (model_.fault.kind == Kind::kLostWrite &&
        timeline.seq_of(write) == model_.fault.number) {
      at = model_.device == DeviceModel::kOrdered ? kIgnored : kNever;
      continue;
    }
    if (model_.device != DeviceModel::kVolatileCache || !device.write_cache) {
      at = write.complete;
      continue;
    }
    if (write.has(kWriteFua) && model_.fault.kind != Kind::kIgnoreFua) {
      at = write.complete;
    }
    auto domain = domains.find(device.domain);
    if (domain != domains.end()) {
      at = std::min(at, domain->second.covers(write.complete));
    }
  }
}

void Durability::summarize() {
  for (std::size_t i = 0; i < durable_at_.size(); ++i) {
    if (i % kStretch == 0) {
      stretch_latest_.push_back(0);
    }
    EventPos at = durable_at_[i];
    if (at != kIgnored) {
      stretch_latest_.back() = std::max(stretch_latest_.back(), at);
    }
  }
}

std::vector<WriteIndex> Durability::pending(const Timeline& timeline, Cut cut) const {
  std::vector<WriteIndex> result;
  for (std::size_t stretch = 0; stretch < stretch_latest_.size(); ++stretch) {
    std::size_t first = stretch * kStretch;
    if (timeline.write(static_cast<WriteIndex>(first)).submit >= cut) {
      break;
    }
    if (stretch_latest_[stretch] < cut) {
      continue;
    }
    std::size_t last = std::min(first + kStretch, durable_at_.size());
    for (std::size_t i = first; i < last; ++i) {
      WriteIndex write = static_cast<WriteIndex>(i);
      if (timeline.write(write).submit < cut && !durable(write, cut) && !ignored(write)) {
        result.push_back(write);
      }
    }
  }
  return result;
}

std::vector<EventPos> Durability::growth_points() const {
  std::vector<EventPos> points;
  for (EventPos at : durable_at_) {
    if (at < kIgnored) {
      points.push_back(at);
    }
  }
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  return points;
}

}  // namespace powercut
