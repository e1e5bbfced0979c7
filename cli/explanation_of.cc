// SPDX-License-Identifier: GPL-2.0-only

#include "cli/explanation_of.h"

#include "replay/flush_cover.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace powercut {

namespace {

const char* op_text(Op op) {
  switch (op) {
    case Op::kDiscard:
      return "discard";
    case Op::kWriteZeroes:
      return "write-zeroes";
    default:
      return "write";
  }
}

std::uint64_t time_at(const Timeline& timeline, EventPos position) {
  std::uint64_t time = 0;
  timeline.log().visit_from(timeline.seq_at(position), [&](const Event& event) {
    time = event.time_ns;
    return Visit::kStop;
  });
  return time;
}

std::string flush_text(const Timeline& timeline, const FlushCover& cover) {
  const std::uint64_t seq = timeline.seq_at(timeline.flushes()[*cover.flush].submit);
  return cover.number == 0 ? fmt::format("a flush that never completed (entry {})", seq)
                           : fmt::format("flush {} (entry {})", cover.number, seq);
}

std::string cover_text(const Timeline& timeline, const NamedWrite& named) {
  using Why = FlushCover::Why;
  if (timeline.write(named.reduced.write).has(kWriteFailed)) {
    return "it failed: the device may have any part of it, for ever";
  }
  if (timeline.write(named.reduced.write).has(kWriteUnstable)) {
    return "its data changed while it was in flight: either version may be there";
  }
  const FlushCover& cover = named.cover;
  switch (cover.why) {
    case Why::kInFlight:
      return "it was in flight at the cut, so no flush could cover it yet";
    case Why::kTooEarly:
      return fmt::format("{} was sent while it was in flight, so it does not cover it",
                         flush_text(timeline, cover));
    case Why::kSent:
      return fmt::format("{} would cover it, and was under way at the cut",
                         flush_text(timeline, cover));
    case Why::kLater:
      return fmt::format("the flush that covers it comes behind the cut: {}",
                         flush_text(timeline, cover));
    case Why::kNone:
      return "no flush of its disk follows it in the log";
    case Why::kIgnored:
      return fmt::format("{} covers it, and is ignored by the fault",
                         flush_text(timeline, cover));
    case Why::kUncovered:
      return fmt::format("{} covers it, and makes nothing durable under this model",
                         flush_text(timeline, cover));
  }
  return "";
}

std::vector<std::string> flags_of(const Write& write) {
  std::vector<std::string> flags;
  for (const auto& [flag, name] :
       {std::pair(kWriteFua, "FUA"), std::pair(kWriteMeta, "META"),
        std::pair(kWriteFailed, "failed"), std::pair(kWriteUnstable, "unstable")}) {
    if (write.has(flag)) {
      flags.emplace_back(name);
    }
  }
  return flags;
}

// "24-31", neighbours joined: those of the write, for its first and last unit may be
// larger.
std::vector<std::string> sectors_of(std::vector<UnitKey> units, std::uint32_t unit_bytes,
                                    const Write& write) {
  constexpr std::uint64_t kSector = 512;
  std::sort(units.begin(), units.end());
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < units.size();) {
    std::size_t end = i + 1;
    while (end < units.size() && units[end] == units[end - 1] + 1) {
      ++end;
    }
    const std::uint64_t first =
        std::max(number_of(units[i]) * unit_bytes, write.offset_bytes) / kSector;
    const std::uint64_t last =
        (std::min((number_of(units[end - 1]) + 1) * unit_bytes, write.end_bytes()) - 1) /
        kSector;
    texts.push_back(first == last ? fmt::format("{}", first)
                                  : fmt::format("{}-{}", first, last));
    i = end;
  }
  return texts;
}

ExplainedWrite explained_write(const CrashState& state, const NamedWrite& named) {
  const Timeline& timeline = state.space->recording().timeline();
  const ReducedWrite& reduced = named.reduced;
  const Write& write = timeline.write(reduced.write);
  ExplainedWrite out;
  out.kind = reduced.kind;
  out.seq = timeline.seq_of(write);
  out.time_ns = time_at(timeline, write.submit) - time_at(timeline, 0);
  out.pid = timeline.submitter(write).pid;
  out.comm = timeline.submitter(write).comm;
  out.device = timeline.devices().size() > 1 ? timeline.devices()[write.device].name : "";
  out.op = op_text(write.op);
  out.offset_bytes = write.offset_bytes;
  out.length_bytes = write.length_bytes;
  out.flags = flags_of(write);
  out.sectors = sectors_of(reduced.units, state.space->unit_bytes(), write);
  out.holds = named.holds;
  out.cover = cover_text(timeline, named);
  return out;
}

}  // namespace

Explanation explanation_of(const CheckContext& context, const std::string& finding_id,
                           const ExplainedState& explained) {
  const Reduction& reduction = explained.reduction;
  Explanation out;
  out.finding_id = finding_id;
  out.log = context.log_path;
  out.probe = explained.probe;
  out.checker = context.checker;
  out.against = reduction.against;
  out.reduced_id = reduction.failing.id();
  out.sound_id = reduction.sound ? reduction.sound->id() : "";
  out.pending = explained.pending;
  out.missing_before = explained.missing_before;
  for (const NamedWrite& write : explained.writes) {
    out.writes.push_back(explained_write(reduction.failing, write));
  }
  for (const Finding& finding : reduction.verdict.findings) {
    out.complaints.push_back(finding.summary);
  }
  if (reduction.sound) {
    out.output = diff_lines(reduction.sound_verdict.output, reduction.verdict.output);
  }
  out.minimal = reduction.minimal;
  out.asked = reduction.asked;
  out.runs = reduction.runs;
  FailingClass failing;
  failing.state_id = out.reduced_id;
  failing.checker = context.checker;
  failing.probe = explained.probe;
  out.reproduce = reproduce_command(context, failing);
  out.look = fmt::format("powercut mount {} --state {}{}", context.log_path,
                         out.reduced_id, context.state_flags);
  out.notes = explained.notes;
  return out;
}

}  // namespace powercut
