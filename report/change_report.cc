// SPDX-License-Identifier: GPL-2.0-only

#include "report/change_report.h"

#include "report/text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace powercut {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kSectorBytes = 512;
constexpr std::size_t kMostLines = 40;
constexpr std::size_t kMostEntries = 8;  // of one range
constexpr std::size_t kMostOwners = 4;   // of one range

struct Counts {
  std::uint64_t writes = 0;
  std::uint64_t discards = 0;
  std::uint64_t zeroes = 0;
  std::uint64_t failed = 0;
  std::uint64_t unfinished = 0;
};

Counts count(const std::vector<ChangingEntry>& entries) {
  Counts counts;
  for (const ChangingEntry& entry : entries) {
    std::uint64_t& kind = entry.op == Op::kDiscard       ? counts.discards
                          : entry.op == Op::kWriteZeroes ? counts.zeroes
                                                         : counts.writes;
    ++kind;
    counts.failed += entry.failed ? 1 : 0;
    counts.unfinished += entry.unfinished ? 1 : 0;
  }
  return counts;
}

// How many missed bytes each owner has, the most first.
std::vector<std::pair<std::string, std::uint64_t>> bytes_by_owner(
    const ChangeContext& context) {
  std::map<std::string, std::uint64_t> sums;
  for (const std::vector<OwnedPart>& parts : context.owners) {
    for (const OwnedPart& part : parts) {
      sums[part.what] += part.range.length();
    }
  }
  std::vector<std::pair<std::string, std::uint64_t>> owners(sums.begin(), sums.end());
  std::stable_sort(owners.begin(), owners.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return owners;
}

std::string list_text(const ChangeContext& context) {
  return fmt::format(
      "listed   {} ({}{}): {} in {}\n", context.list, context.format,
      context.granularity_bytes == 0
          ? ""
          : fmt::format(", blocks of {}", bytes_text(context.granularity_bytes)),
      bytes_text(context.listed.total_bytes()),
      plural(context.listed.ranges().size(), "range"));
}

std::string changed_text(const ChangedBlocks& changed) {
  const Counts counts = count(changed.entries);
  std::string text = fmt::format("changed  {}", plural(counts.writes, "write"));
  text += counts.discards > 0 ? ", " + plural(counts.discards, "discard") : "";
  text += counts.zeroes > 0 ? fmt::format(", {} write-zeroes", counts.zeroes) : "";
  text += fmt::format(": {} in {}\n", bytes_text(changed.ranges.total_bytes()),
                      plural(changed.ranges.ranges().size(), "range"));
  if (counts.failed + counts.unfinished > 0) {
    text += fmt::format(
        "         {} failed, {} never completed: they count, for they may have changed "
        "the disk\n",
        counts.failed, counts.unfinished);
  }
  return text;
}

std::string range_text(const ChangeContext& context, const ChangeAudit& audit,
                       std::size_t index) {
  const MissedRange& missed = audit.missed[index];
  std::string text = fmt::format("  sectors {} to {}: {} at byte {}\n",
                                 missed.range.begin / kSectorBytes,
                                 (missed.range.end - 1) / kSectorBytes,
                                 bytes_text(missed.range.length()), missed.range.begin);
  text += "    by ";
  for (std::size_t i = 0; i < std::min(kMostEntries, missed.entries.size()); ++i) {
    const ChangingEntry& entry = audit.entries[missed.entries[i]].entry;
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", to_string(entry.op), entry.seq);
  }
  text += missed.entries.size() > kMostEntries
              ? fmt::format(" and {} more\n", missed.entries.size() - kMostEntries)
              : "\n";
  const std::vector<OwnedPart>& parts = context.owners[index];
  for (std::size_t i = 0; i < std::min(kMostOwners, parts.size()); ++i) {
    text += fmt::format(
        "    {}{}\n", parts.size() == 1 ? "" : bytes_text(parts[i].range.length()) + ": ",
        parts[i].place);
  }
  if (parts.size() > kMostOwners) {
    text += fmt::format("    and {} more\n", parts.size() - kMostOwners);
  }
  return text;
}

std::string missed_text(const ChangeContext& context, const ChangeAudit& audit) {
  std::string text = "\nmissed, by place:\n";
  const std::size_t ranges = std::min(kMostLines, audit.missed.size());
  for (std::size_t i = 0; i < ranges; ++i) {
    text += range_text(context, audit, i);
  }
  text += audit_more_text(ranges, audit.missed.size(), "  ");
  text += "\nmissed, in order of submission:\n";
  const std::size_t entries = std::min(kMostLines, audit.entries.size());
  for (std::size_t i = 0; i < entries; ++i) {
    const ChangingEntry& entry = audit.entries[i].entry;
    text +=
        fmt::format("  {:>8} {} offset {} length {}: {} missed{}{}\n", entry.seq,
                    to_string(entry.op), entry.range.begin, entry.range.length(),
                    bytes_text(audit.entries[i].missed.total_bytes()),
                    entry.who.empty() ? "" : ", by " + entry.who, outcome_text(entry));
  }
  text += audit_more_text(entries, audit.entries.size(), "  ");
  text += fmt::format("\nmissed, by what lies there at {}:\n", context.to);
  const std::vector<std::pair<std::string, std::uint64_t>> sums = bytes_by_owner(context);
  const std::size_t owners = std::min(kMostLines, sums.size());
  for (std::size_t i = 0; i < owners; ++i) {
    text += fmt::format("  {}: {}\n", sums[i].first, bytes_text(sums[i].second));
  }
  return text + audit_more_text(owners, sums.size(), "  ");
}

Json range_json(const ByteRange& range) {
  return {{"offset_bytes", range.begin}, {"length_bytes", range.length()}};
}

Json missed_json(const ChangeContext& context, const ChangeAudit& audit) {
  Json list = Json::array();
  for (std::size_t i = 0; i < audit.missed.size(); ++i) {
    Json json = range_json(audit.missed[i].range);
    json["first_sector"] = audit.missed[i].range.begin / kSectorBytes;
    json["sectors"] = audit.missed[i].range.length() / kSectorBytes;
    json["entries"] = Json::array();
    for (const std::size_t entry : audit.missed[i].entries) {
      json["entries"].push_back(audit.entries[entry].entry.seq);
    }
    json["owners"] = Json::array();
    for (const OwnedPart& part : context.owners[i]) {
      Json owner = range_json(part.range);
      owner["owner"] = part.place;
      json["owners"].push_back(owner);
    }
    list.push_back(json);
  }
  return list;
}

Json entries_json(const ChangeAudit& audit) {
  Json list = Json::array();
  for (const MissedEntry& missed : audit.entries) {
    Json json;
    json["seq"] = missed.entry.seq;
    json["op"] = std::string(to_string(missed.entry.op));
    json.update(range_json(missed.entry.range));
    json["failed"] = missed.entry.failed;
    json["completed"] = !missed.entry.unfinished;
    json["by"] = missed.entry.who;
    json["missed_bytes"] = missed.missed.total_bytes();
    json["missed"] = Json::array();
    for (const ByteRange& range : missed.missed.ranges()) {
      json["missed"].push_back(range_json(range));
    }
    list.push_back(json);
  }
  return list;
}

Json changed_json(const ChangedBlocks& changed) {
  const Counts counts = count(changed.entries);
  return {{"writes", counts.writes},
          {"discards", counts.discards},
          {"write_zeroes", counts.zeroes},
          {"failed", counts.failed},
          {"never_completed", counts.unfinished},
          {"in_flight_at_from", changed.in_flight_before},
          {"bytes", changed.ranges.total_bytes()},
          {"ranges", changed.ranges.ranges().size()}};
}

}  // namespace

std::string change_text(const ChangeContext& context, const ChangedBlocks& changed,
                        const ChangeAudit& audit) {
  std::string text = audit_head_text(context);
  text += changed_text(changed) + list_text(context);
  if (context.ignored_bytes > 0) {
    text +=
        fmt::format("ignored  {} that were written\n", bytes_text(context.ignored_bytes));
  }
  if (audit.unwritten_bytes > 0) {
    text += fmt::format("note     {} are listed and were not written: allowed\n",
                        bytes_text(audit.unwritten_bytes));
  }
  text += audit_notes_text(context);
  if (audit.missed.empty()) {
    return text + fmt::format(
                      "result   nothing missed: all {} that were written are in "
                      "the list\n",
                      bytes_text(audit.checked.total_bytes()));
  }
  text += fmt::format(
      "result   MISSED {} of {} that were written, in {}, by {}\n",
      bytes_text(audit.missed_bytes), bytes_text(audit.checked.total_bytes()),
      plural(audit.missed.size(), "range"), entries_text(audit.entries.size()));
  return text + missed_text(context, audit);
}

std::string change_json(const ChangeContext& context, const ChangedBlocks& changed,
                        const ChangeAudit& audit) {
  Json json = audit_head_json(context);
  json["changed"] = changed_json(changed);
  json["list"] = {{"file", context.list},
                  {"format", context.format},
                  {"granularity_bytes", context.granularity_bytes},
                  {"bytes", context.listed.total_bytes()},
                  {"ranges", context.listed.ranges().size()}};
  json["ignored_bytes"] = context.ignored_bytes;
  json["checked_bytes"] = audit.checked.total_bytes();
  json["listed_not_written_bytes"] = audit.unwritten_bytes;
  json["missed_bytes"] = audit.missed_bytes;
  json["missed"] = missed_json(context, audit);
  json["entries"] = entries_json(audit);
  json["owners"] = Json::array();
  for (const std::pair<std::string, std::uint64_t>& owner : bytes_by_owner(context)) {
    json["owners"].push_back({{"owner", owner.first}, {"bytes", owner.second}});
  }
  json["notes"] = context.notes;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace powercut
