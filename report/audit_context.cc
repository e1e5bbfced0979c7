// SPDX-License-Identifier: GPL-2.0-only

#include "report/audit_context.h"

#include "report/text.h"

#include <fmt/format.h>

namespace powercut {

std::string audit_head_text(const AuditContext& context) {
  return fmt::format("log      {}: device {} '{}' of {}\ninterval {} to {} ({} events)\n",
                     context.log, context.device, context.device_name,
                     bytes_text(context.device_bytes), context.from, context.to,
                     context.to_cut - context.from_cut);
}

std::string audit_notes_text(const AuditContext& context) {
  std::string text;
  for (const std::string& note : context.notes) {
    text += fmt::format("note     {}\n", note);
  }
  return text;
}

std::string audit_more_text(std::size_t shown, std::size_t all,
                            const std::string& indent) {
  return all > shown
             ? fmt::format("{}... and {} more: --json has all\n", indent, all - shown)
             : "";
}

std::string entries_text(std::size_t count) {
  return count == 1 ? "1 entry" : fmt::format("{} entries", count);
}

std::string outcome_text(const ChangingEntry& entry) {
  return std::string(entry.failed ? ", failed: it may have changed the disk" : "") +
         (entry.unfinished ? ", never completed: it may have changed the disk" : "");
}

nlohmann::ordered_json audit_head_json(const AuditContext& context) {
  nlohmann::ordered_json json;
  json["log"] = context.log;
  json["device"] = {{"number", context.device},
                    {"name", context.device_name},
                    {"size_bytes", context.device_bytes}};
  json["from"] = {{"place", context.from}, {"cut", context.from_cut}};
  json["to"] = {{"place", context.to}, {"cut", context.to_cut}};
  return json;
}

}  // namespace powercut
