// SPDX-License-Identifier: GPL-2.0-only

#include "report/timeline_data.h"

#include <algorithm>
#include <limits>
#include <map>
#include <unordered_map>

namespace powercut {

const char* to_string(WriteKind kind) {
  switch (kind) {
    case WriteKind::kPlain:
      return "write";
    case WriteKind::kFua:
      return "FUA write";
    case WriteKind::kMeta:
      return "meta write";
    case WriteKind::kDiscard:
      return "discard";
    case WriteKind::kWriteZeroes:
      return "write-zeroes";
  }
  return "unknown";
}

std::int64_t TimelineData::time_at(EventPos pos) const {
  if (times.empty()) {
    return 0;
  }
  return times[std::min<std::size_t>(pos, times.size() - 1)];
}

double TimelineData::place(EventPos pos, bool by_time) const {
  return by_time ? static_cast<double>(time_at(pos)) : static_cast<double>(pos);
}

namespace {

WriteKind kind_of(const Write& write) {
  if (write.op == Op::kDiscard) {
    return WriteKind::kDiscard;
  }
  if (write.op == Op::kWriteZeroes) {
    return WriteKind::kWriteZeroes;
  }
  if (write.has(kWriteFua)) {
    return WriteKind::kFua;
  }
  return write.has(kWriteMeta) ? WriteKind::kMeta : WriteKind::kPlain;
}

// A JavaScript number is exact up to here; a damaged clock must not go beyond.
constexpr std::int64_t kLongest = std::int64_t{1} << 53;

std::int64_t since(std::uint64_t time_ns, std::uint64_t first_ns) {
  const auto bound = static_cast<std::uint64_t>(kLongest);
  return time_ns >= first_ns
             ? static_cast<std::int64_t>(std::min(time_ns - first_ns, bound))
             : -static_cast<std::int64_t>(std::min(first_ns - time_ns, bound));
}

class Drawing {
 public:
  Drawing(const Recording& recording, const Durability& durability, TimelineData& data)
      : timeline_(recording.timeline()), durability_(durability), data_(data) {}

  void draw(const Recording& recording) {
    add_events(recording.log());
    add_flushes();
    add_writes();
    add_marks();
    count_durable();
    order_barriers();
    add_devices(recording);
  }

 private:
  bool in_range(EventPos submit, EventPos complete) const {
    return submit < data_.to && (submit >= data_.from || complete >= data_.from);
  }

  void add_events(const Log& log) {
    std::vector<std::uint64_t> stamps(timeline_.end(), 0);
    data_.seqs.resize(timeline_.end());
    if (log.format() == LogFormat::k2) {
      log.visit([&](const Event& event) {
        if (event.seq < stamps.size()) {
          stamps[event.seq] = event.time_ns;
          data_.has_times = data_.has_times || event.time_ns != 0;
        }
        return Visit::kContinue;
      });
    }
    std::uint64_t first = 0;
    for (std::size_t pos = data_.from; pos < stamps.size() && first == 0; ++pos) {
      first = stamps[pos];
    }
    data_.times.resize(stamps.size());
    std::int64_t latest = 0;
    for (EventPos pos = 0; pos < stamps.size(); ++pos) {
      data_.seqs[pos] = timeline_.seq_at(pos);
      // An event without a time happened when the one before it did.
      latest = stamps[pos] != 0 ? since(stamps[pos], first) : latest;
      data_.times[pos] = latest;
    }
  }

  void add_flushes() {
    std::uint32_t number = 0;
    for (const Flush& flush : timeline_.flushes()) {
      const bool completed = flush.complete != kNever;
      number += completed ? 1 : 0;
      if (completed) {
        ends_[flush.domain].push_back(flush.complete);
      }
      if (!in_range(flush.submit, flush.complete)) {
        continue;
      }
      if (completed) {
        by_completion_[flush.complete] = data_.barriers.size();
      }
      data_.barriers.push_back(DrawnBarrier{flush.submit, flush.complete,
                                            completed ? number : 0, 0, flush.domain,
                                            flush.device, false});
    }
    for (auto& [domain, ends] : ends_) {
      std::sort(ends.begin(), ends.end());
    }
  }

  std::uint32_t epoch_at(std::uint32_t domain, EventPos pos) const {
    const auto ends = ends_.find(domain);
    if (ends == ends_.end()) {
      return 0;
    }
    return static_cast<std::uint32_t>(
        std::lower_bound(ends->second.begin(), ends->second.end(), pos) -
        ends->second.begin());
  }

  // Pieces of one write share its submission and follow each other.
  bool joins_last(const Write& write) const {
    return write.has(kWritePiece) && !data_.writes.empty() &&
           data_.writes.back().submit == write.submit;
  }

  void join(const Write& write, EventPos durable) {
    DrawnWrite& last = data_.writes.back();
    const std::uint64_t end =
        std::max(last.offset_bytes + last.length_bytes, write.end_bytes());
    last.offset_bytes = std::min(last.offset_bytes, write.offset_bytes);
    last.length_bytes = end - last.offset_bytes;
    last.flags = static_cast<std::uint8_t>(last.flags | write.flags);
    last.durable = std::max(last.durable, durable);
  }

  void add_writes() {
    EventPos left_out = kNever;
    for (WriteIndex i = 0; i < timeline_.writes().size(); ++i) {
      const Write& write = timeline_.write(i);
      if (!in_range(write.submit, write.complete)) {
        data_.left_out += write.submit != left_out ? 1 : 0;
        left_out = write.submit;
        continue;
      }
      const EventPos durable =
          durability_.ignored(i) ? kNever : durability_.durable_at(i);
      if (joins_last(write)) {
        join(write, durable);
        continue;
      }
      DrawnWrite drawn;
      drawn.submit = write.submit;
      drawn.complete = write.complete;
      drawn.durable = durable;
      drawn.offset_bytes = write.offset_bytes;
      drawn.length_bytes = write.length_bytes;
      drawn.submitter = intern(timeline_.submitter(write));
      drawn.epoch = epoch_at(timeline_.devices()[write.device].domain, write.submit);
      drawn.device = write.device;
      drawn.kind = kind_of(write);
      drawn.flags = write.flags;
      data_.writes.push_back(drawn);
    }
  }

  std::uint32_t intern(const Submitter& submitter) {
    const auto [it, added] =
        submitters_.try_emplace({submitter.pid, submitter.comm},
                                static_cast<std::uint32_t>(data_.submitters.size()));
    if (added) {
      data_.submitters.push_back(submitter);
    }
    return it->second;
  }

  void add_marks() {
    for (const Mark& mark : timeline_.marks()) {
      if (mark.at + 1 >= data_.from && mark.at < data_.to) {
        data_.marks.push_back(DrawnMark{mark.at, mark.text});
      }
    }
  }

  void count_durable() {
    for (DrawnWrite& write : data_.writes) {
      if (write.kind == WriteKind::kFua) {
        const bool failed = (write.flags & kWriteFailed) != 0;
        by_completion_.try_emplace(write.complete, data_.barriers.size());
        data_.barriers.push_back(
            DrawnBarrier{write.submit, failed ? kNever : write.complete, 0, 0,
                         timeline_.devices()[write.device].domain, write.device, true});
      }
      const auto barrier = by_completion_.find(write.durable);
      // Without a volatile cache a plain write is durable by its own completion.
      if (write.durable == kNever || barrier == by_completion_.end()) {
        continue;
      }
      write.durable_by = static_cast<std::uint32_t>(barrier->second);
      ++data_.barriers[barrier->second].made_durable;
    }
  }

  void order_barriers() {
    std::vector<std::uint32_t> order(data_.barriers.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) {
      order[i] = i;
    }
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return data_.barriers[a].submit < data_.barriers[b].submit;
    });
    std::vector<DrawnBarrier> sorted;
    std::vector<std::uint32_t> place(order.size());
    for (std::uint32_t i : order) {
      place[i] = static_cast<std::uint32_t>(sorted.size());
      sorted.push_back(data_.barriers[i]);
    }
    data_.barriers = std::move(sorted);
    for (DrawnWrite& write : data_.writes) {
      if (write.durable_by != kNoBarrier) {
        write.durable_by = place[write.durable_by];
      }
    }
  }

  void add_devices(const Recording& recording) {
    data_.devices = timeline_.devices();
    std::vector<ByteRanges> touched(data_.devices.size());
    // A discard of a whole device, as mkfs begins with, touches nothing.
    for (const bool discards : {false, true}) {
      for (const DrawnWrite& write : data_.writes) {
        if ((write.kind == WriteKind::kDiscard) == discards &&
            (!discards || touched[write.device].empty())) {
          touched[write.device].emplace_back(write.offset_bytes,
                                             write.offset_bytes + write.length_bytes);
        }
      }
    }
    for (std::uint16_t d = 0; d < data_.devices.size(); ++d) {
      data_.device_bytes.push_back(recording.size_bytes(d));
      data_.scales.emplace_back(std::move(touched[d]));
    }
  }

  const Timeline& timeline_;
  const Durability& durability_;
  TimelineData& data_;
  std::map<std::uint32_t, std::vector<EventPos>> ends_;  // of flushes, by domain
  std::unordered_map<EventPos, std::size_t> by_completion_;
  std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> submitters_;
};

}  // namespace

TimelineData timeline_data(const Recording& recording, const Durability& durability,
                           Cut from, Cut to) {
  TimelineData data;
  data.from = from;
  data.to = to;
  Drawing(recording, durability, data).draw(recording);
  return data;
}

}  // namespace powercut
