// SPDX-License-Identifier: GPL-2.0-only

#include "report/overwrite_report.h"

#include "report/text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace powercut {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kSectorBytes = 512;
constexpr std::size_t kMostLines = 40;
constexpr std::size_t kMostParts = 8;          // of one entry
constexpr const char* kBelow = "           ";  // an entry's number

std::string sectors_text(const ByteRange& range) {
  return fmt::format("sectors {} to {}", range.begin / kSectorBytes,
                     (range.end - 1) / kSectorBytes);
}

// Where in its file a part of an extent begins.
std::optional<std::uint64_t> file_offset(const KeptExtent& extent,
                                         const OverwrittenPart& part) {
  if (!extent.file_offset_bytes) {
    return std::nullopt;
  }
  return *extent.file_offset_bytes + part.range.begin - extent.range.begin;
}

std::string part_text(const OverwriteContext& context, const OverwrittenPart& part) {
  const KeptExtent& extent = context.extents[part.extent];
  std::string text =
      fmt::format("{}{} of the extent {}+{}", kBelow, sectors_text(part.range),
                  extent.range.begin, extent.range.length());
  if (!extent.name.empty()) {
    text += fmt::format(": {}", extent.name);
  }
  if (const std::optional<std::uint64_t> at = file_offset(extent, part)) {
    text += fmt::format(", byte {}", *at);
  }
  return text + fmt::format(", {}\n", bytes_text(part.range.length()));
}

std::string entry_text(const OverwriteContext& context, const Overwrite& overwrite) {
  const ChangingEntry& entry = overwrite.entry;
  std::string text =
      fmt::format("  {:>8} {} {}: offset {} length {}", entry.seq, to_string(entry.op),
                  sectors_text(entry.range), entry.range.begin, entry.range.length());
  if (overwrite.time_ns) {
    constexpr double kNanoseconds = 1e9;
    text += fmt::format(", at {:.6f} s",
                        static_cast<double>(*overwrite.time_ns) / kNanoseconds);
  }
  text += entry.who.empty() ? "" : ", by " + entry.who;
  text += outcome_text(entry) + "\n";
  const std::size_t parts = std::min(kMostParts, overwrite.parts.size());
  for (std::size_t i = 0; i < parts; ++i) {
    text += part_text(context, overwrite.parts[i]);
  }
  return text + audit_more_text(parts, overwrite.parts.size(), kBelow);
}

Json range_json(const ByteRange& range) {
  return {{"offset_bytes", range.begin},
          {"length_bytes", range.length()},
          {"first_sector", range.begin / kSectorBytes},
          {"sectors", (range.end - 1) / kSectorBytes - range.begin / kSectorBytes + 1}};
}

Json part_json(const OverwriteContext& context, const OverwrittenPart& part) {
  const KeptExtent& extent = context.extents[part.extent];
  Json json = range_json(part.range);
  json["extent"] = {{"offset_bytes", extent.range.begin},
                    {"length_bytes", extent.range.length()}};
  json["name"] = extent.name;
  const std::optional<std::uint64_t> at = file_offset(extent, part);
  json["file_offset_bytes"] = at ? Json(*at) : Json();
  return json;
}

Json overwrites_json(const OverwriteContext& context, const OverwriteAudit& audit) {
  Json list = Json::array();
  for (const Overwrite& overwrite : audit.overwrites) {
    Json json;
    json["seq"] = overwrite.entry.seq;
    json["op"] = std::string(to_string(overwrite.entry.op));
    json["time_ns"] = overwrite.time_ns ? Json(*overwrite.time_ns) : Json();
    json.update(range_json(overwrite.entry.range));
    json["failed"] = overwrite.entry.failed;
    json["completed"] = !overwrite.entry.unfinished;
    json["by"] = overwrite.entry.who;
    json["parts"] = Json::array();
    for (const OverwrittenPart& part : overwrite.parts) {
      json["parts"].push_back(part_json(context, part));
    }
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace

std::string overwrite_text(const OverwriteContext& context, const ChangedBlocks& changed,
                           const OverwriteAudit& audit) {
  std::string text = audit_head_text(context);
  text += fmt::format("changed  {} by {}\n", bytes_text(changed.ranges.total_bytes()),
                      entries_text(changed.entries.size()));
  text += fmt::format("extents  {}: {}, {}\n", context.list,
                      plural(context.extents.size(), "extent"),
                      bytes_text(audit.kept.total_bytes()));
  text += audit_notes_text(context);
  if (audit.overwrites.empty()) {
    return text + "result   nothing overwritten: no entry touches an extent\n";
  }
  text += fmt::format("result   OVERWRITTEN {} of {}, by {}\n",
                      bytes_text(audit.overwritten.total_bytes()),
                      bytes_text(audit.kept.total_bytes()),
                      entries_text(audit.overwrites.size()));
  text += "\noverwritten, in order of submission:\n";
  const std::size_t entries = std::min(kMostLines, audit.overwrites.size());
  for (std::size_t i = 0; i < entries; ++i) {
    text += entry_text(context, audit.overwrites[i]);
  }
  return text + audit_more_text(entries, audit.overwrites.size(), "  ");
}

std::string overwrite_json(const OverwriteContext& context, const ChangedBlocks& changed,
                           const OverwriteAudit& audit) {
  Json json = audit_head_json(context);
  json["changed"] = {{"entries", changed.entries.size()},
                     {"bytes", changed.ranges.total_bytes()},
                     {"in_flight_at_from", changed.in_flight_before}};
  json["extents"] = {{"file", context.list},
                     {"extents", context.extents.size()},
                     {"bytes", audit.kept.total_bytes()}};
  json["overwritten_bytes"] = audit.overwritten.total_bytes();
  json["overwrites"] = overwrites_json(context, audit);
  json["notes"] = context.notes;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace powercut
