// SPDX-License-Identifier: GPL-2.0-only

#include "replay/timeline_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <iterator>

namespace powercut {

namespace {

constexpr std::uint64_t kSectorBytes = 512;
constexpr std::uint64_t kMaxEvents = kNever - 16;

bool is_change(Op op) {
  return op == Op::kWrite || op == Op::kDiscard || op == Op::kWriteZeroes;
}

}  // namespace

TimelineBuilder::TimelineBuilder(Timeline& timeline, const TimelineOptions& options)
    : timeline_(timeline),
      options_(options),
      format1_(timeline.log().format() == LogFormat::k1) {}

void TimelineBuilder::refuse(std::string message) {
  if (refused_.empty()) {
    refused_ = std::move(message);
  }
}

Status TimelineBuilder::run() {
  const Log& log = timeline_.log();
  if (format1_) {
    timeline_.entry_ends_.reserve(log.entry_count());
  }
  log.visit([&](const Event& event) {
    add(event);
    return refused_.empty() ? Visit::kContinue : Visit::kStop;
  });
  emit_wide_window();
  if (!refused_.empty()) {
    return fail(ErrorKind::kBadInput, refused_);
  }
  if (format1_) {
    // Entries that made no event (zero-length writes) still have a number.
    EventPos last = timeline_.event_count_ == 0 ? kNever : timeline_.event_count_ - 1;
    timeline_.entry_ends_.resize(log.entry_count(), last);
  }
  split_not_atomic();
  if (!refused_.empty()) {
    return fail(ErrorKind::kBadInput, refused_,
                "each of them may be old or new, which cannot be counted");
  }
  timeline_.writes_.shrink_to_fit();
  find_concurrent_overlaps();
  measure();
  log.drop_pages();
  return {};
}

void TimelineBuilder::add(const Event& event) {
  if (format1_ && options_.format1 == Format1Rule::kWide) {
    wide_window_.push_back(event);
    if (event.op == Op::kFlush && event.type == EventType::kComplete) {
      emit_wide_window();
    }
    return;
  }
  add_ordered(event);
}

void TimelineBuilder::add_ordered(const Event& event) {
  if (timeline_.event_count_ >= kMaxEvents) {
    refuse(fmt::format("the log has more than {} events", kMaxEvents));
    return;
  }
  if (format1_ && options_.format1 == Format1Rule::kNarrow) {
    // Entries before this one that made no event end where the last event was.
    EventPos last = timeline_.event_count_ == 0 ? kNever : timeline_.event_count_ - 1;
    while (timeline_.entry_ends_.size() < event.seq) {
      timeline_.entry_ends_.push_back(last);
    }
  }
  switch (event.type) {
    case EventType::kSubmit:
      add_submit(event);
      break;
    case EventType::kComplete:
      add_complete(event);
      break;
    case EventType::kMark:
      timeline_.marks_.push_back(Mark{std::string(event.text), timeline_.event_count_});
      break;
    case EventType::kRead:
      break;
  }
  ++timeline_.event_count_;
  if (format1_) {
    if (options_.format1 == Format1Rule::kWide) {
      timeline_.wide_entries_.push_back(static_cast<std::uint32_t>(event.seq));
    }
    if (timeline_.entry_ends_.size() == event.seq) {
      timeline_.entry_ends_.push_back(timeline_.event_count_ - 1);
    } else {
      timeline_.entry_ends_[event.seq] = timeline_.event_count_ - 1;
    }
  }
}

void TimelineBuilder::add_submit(const Event& event) {
  Open open;
  if (event.op == Op::kFlush) {
    open.flush = static_cast<std::uint32_t>(timeline_.flushes_.size());
    timeline_.flushes_.push_back(Flush{timeline_.event_count_, kNever,
                                       timeline_.devices()[event.device].domain,
                                       event.device});
  } else if (is_change(event.op)) {
    if (event.offset_bytes % kSectorBytes != 0 ||
        event.length_bytes % kSectorBytes != 0) {
      refuse(fmt::format(
          "event {}: a {} of {} bytes at byte {} is not made of whole "
          "512-byte sectors",
          event.seq, to_string(event.op), event.length_bytes, event.offset_bytes));
      return;
    }
    Write write;
    write.offset_bytes = event.offset_bytes;
    write.length_bytes = event.length_bytes;
    write.data_pos = event.data_pos;
    write.submit = timeline_.event_count_;
    write.submitter = intern_submitter(event);
    write.device = event.device;
    write.op = event.op;
    write.flags = static_cast<std::uint8_t>((event.fua ? kWriteFua : 0) |
                                            (event.meta ? kWriteMeta : 0));
    open.first = static_cast<WriteIndex>(timeline_.writes_.size());
    if (event.length_bytes == 0) {
      return;
    }
    timeline_.writes_.push_back(write);
  } else {
    return;
  }
  open_[event.seq] = open;
}

void TimelineBuilder::add_complete(const Event& event) {
  auto it = open_.find(event.ref_seq);
  if (it == open_.end()) {
    return;
  }
  Open open = it->second;
  open_.erase(it);
  if (event.op == Op::kFlush) {
    if (event.status == 0) {
      timeline_.flushes_[open.flush].complete = timeline_.event_count_;
    }
    return;
  }
  Write& write = timeline_.writes_[open.first];
  write.complete = timeline_.event_count_;
  if (event.status != 0) {
    write.flags |= kWriteFailed;
    any_failed_ = true;
  } else if (event.unstable && event.data_bytes >= write.length_bytes) {
    unstable_.push_back(Unstable{open.first, event.data_pos});
  }
}

std::uint32_t TimelineBuilder::intern_submitter(const Event& event) {
  std::pair<std::uint32_t, std::string> key{event.pid, std::string(comm_of(event))};
  auto [it, inserted] = submitter_ids_.try_emplace(
      key, static_cast<std::uint32_t>(timeline_.submitters_.size()));
  if (inserted) {
    timeline_.submitters_.push_back(Submitter{key.first, key.second});
  }
  return it->second;
}

// Plain writes are submitted first and complete last, so that they may be pending while
// a FUA write of their window already is durable. kWriteLogOrdered keeps the plain
// writes in log order among themselves.
void TimelineBuilder::emit_wide_window() {
  if (wide_window_.empty()) {
    return;
  }
  std::vector<Event> window = std::move(wide_window_);
  wide_window_.clear();
  std::uint64_t last_seq = window.back().seq;
  EventPos before = timeline_.event_count_ == 0 ? kNever : timeline_.event_count_ - 1;
  if (timeline_.entry_ends_.size() <= last_seq) {
    timeline_.entry_ends_.resize(last_seq + 1, before);
  }
  auto is_plain = [](const Event& event) { return is_change(event.op) && !event.fua; };
  std::unordered_map<std::uint64_t, bool> plain_of_seq;
  for (const Event& event : window) {
    if (event.type == EventType::kSubmit && is_change(event.op)) {
      plain_of_seq[event.seq] = is_plain(event);
    }
  }
  auto plain = [&](const Event& event) {
    return is_change(event.op) && plain_of_seq[event.seq];
  };
  for (const Event& event : window) {
    if (event.type == EventType::kSubmit && plain(event)) {
      std::size_t count = timeline_.writes_.size();
      add_ordered(event);
      if (timeline_.writes_.size() > count) {
        timeline_.writes_.back().flags |= kWriteLogOrdered;
      }
    }
  }
  for (const Event& event : window) {
    if (!plain(event) && event.op != Op::kFlush) {
      add_ordered(event);
    }
  }
  for (const Event& event : window) {
    if (event.type == EventType::kComplete && plain(event)) {
      add_ordered(event);
    }
  }
  for (const Event& event : window) {
    if (event.op == Op::kFlush) {
      add_ordered(event);
    }
  }
  // An instant "after entry N" must not come before that after entry N - 1.
  EventPos latest = kNever;
  for (std::uint64_t seq = 0; seq < timeline_.entry_ends_.size(); ++seq) {
    EventPos& end = timeline_.entry_ends_[seq];
    if (latest != kNever && (end == kNever || end < latest)) {
      end = latest;
    }
    latest = end;
  }
}

void TimelineBuilder::split_not_atomic() {
  if (!any_failed_ && unstable_.empty()) {
    return;
  }
  timeline_.extra_order_ = !unstable_.empty();
  std::unordered_map<WriteIndex, std::uint64_t> second;
  for (const Unstable& unstable : unstable_) {
    second[unstable.write] = unstable.data_pos;
  }
  std::vector<Write> split;
  for (WriteIndex i = 0; i < timeline_.writes_.size(); ++i) {
    const Write& write = timeline_.writes_[i];
    auto changed = second.find(i);
    if (!write.has(kWriteFailed) && changed == second.end()) {
      split.push_back(write);
      continue;
    }
    std::uint64_t step = timeline_.devices()[write.device].logical_block_bytes;
    constexpr std::size_t kMostPieces = std::size_t{1} << 24;
    if (split.size() + write.length_bytes / step > kMostPieces) {
      refuse(
          fmt::format("requests that failed or changed in flight have more than {} "
                      "blocks",
                      kMostPieces));
      return;
    }
    for (std::uint64_t done = 0; done < write.length_bytes; done += step) {
      Write piece = write;
      piece.offset_bytes += done;
      piece.length_bytes = std::min(step, write.length_bytes - done);
      piece.data_pos += done;
      piece.flags |= kWritePiece;
      split.push_back(piece);
      if (changed == second.end()) {
        continue;
      }
      std::span<const std::byte> was = timeline_.data(piece, 0, piece.length_bytes);
      piece.data_pos = changed->second + done;
      std::span<const std::byte> is = timeline_.data(piece, 0, piece.length_bytes);
      if (!std::equal(was.begin(), was.end(), is.begin())) {
        piece.flags |= kWriteUnstable;
        split.push_back(piece);
      }
    }
  }
  timeline_.writes_ = std::move(split);
}

void TimelineBuilder::find_concurrent_overlaps() {
  if (format1_ && options_.format1 == Format1Rule::kNarrow) {
    return;  // each entry completes before the next is submitted
  }
  if (format1_) {
    timeline_.extra_order_ = true;
  }
  std::span<const Write> writes = timeline_.writes();
  // Writes in flight by device and offset, and the longest of them: an overlapping one
  // starts at most that far before. Completed ones leave in order of completion.
  std::multimap<std::pair<std::uint16_t, std::uint64_t>, WriteIndex> active;
  std::multimap<EventPos, decltype(active)::iterator> by_completion;
  std::uint64_t longest = 0;
  for (WriteIndex i = 0; i < writes.size(); ++i) {
    const Write& write = writes[i];
    while (!by_completion.empty() && by_completion.begin()->first < write.submit) {
      active.erase(by_completion.begin()->second);
      by_completion.erase(by_completion.begin());
    }
    if (active.empty()) {
      longest = 0;
    }
    std::uint64_t from = write.offset_bytes > longest ? write.offset_bytes - longest : 0;
    for (auto it = active.lower_bound({write.device, from});
         it != active.end() && it->first.first == write.device &&
         it->first.second < write.end_bytes();
         ++it) {
      if (writes[it->second].end_bytes() > write.offset_bytes &&
          !timeline_.ordered_before(it->second, i)) {
        timeline_.concurrent_overlaps_.emplace_back(it->second, i);
      }
    }
    longest = std::max(longest, write.length_bytes);
    auto it = active.emplace(std::pair{write.device, write.offset_bytes}, i);
    by_completion.emplace(write.complete, it);
  }
  std::sort(timeline_.concurrent_overlaps_.begin(), timeline_.concurrent_overlaps_.end());
}

void TimelineBuilder::measure() {
  timeline_.extents_.assign(timeline_.devices().size(), 0);
  std::uint64_t bits = 4096;
  for (const Write& write : timeline_.writes_) {
    bits |= write.offset_bytes | write.length_bytes;
    std::uint64_t& extent = timeline_.extents_[write.device];
    extent = std::max(extent, write.end_bytes());
  }
  timeline_.granularity_bytes_ = std::uint32_t{1} << std::countr_zero(bits);
}

}  // namespace powercut
