// SPDX-License-Identifier: GPL-2.0-only
//
// What every audit of a log tells besides what it found: of which log and device, and
// between which places; and the parts that the reports of audits share.

#pragma once

#include "replay/changed_blocks.h"
#include "replay/write.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace powercut {

struct AuditContext {
  std::string log;
  std::uint16_t device = 0;
  std::string device_name;
  std::uint64_t device_bytes = 0;
  std::string from;  // as it was typed
  std::string to;
  Cut from_cut = 0;
  Cut to_cut = 0;
  std::string list;                // file
  std::vector<std::string> notes;  // sentences
};

// The lines "log" and "interval", and the lines "note".
std::string audit_head_text(const AuditContext& context);
std::string audit_notes_text(const AuditContext& context);

// `log`, `device`, `from` and `to`.
nlohmann::ordered_json audit_head_json(const AuditContext& context);

// "... and 3 more: --json has all", a line; empty if all are shown.
std::string audit_more_text(std::size_t shown, std::size_t all,
                            const std::string& indent);

// "1 entry", "2 entries".
std::string entries_text(std::size_t count);

// ", failed: it may have changed the disk"; empty for what completed well.
std::string outcome_text(const ChangingEntry& entry);

}  // namespace powercut
