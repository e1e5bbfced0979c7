// SPDX-License-Identifier: GPL-2.0-only
//
// The report of `powercut audit changes`, as text and as JSON. It is given what was found
// and does not look for anything itself.

#pragma once

#include "replay/changed_blocks.h"
#include "report/audit_context.h"

#include <cstdint>
#include <string>
#include <vector>

namespace powercut {

// A part of a missed range and what lies there.
struct OwnedPart {
  ByteRange range;
  std::string what;   // "file /a"
  std::string place;  // the same, with the place in it: "file /a, byte 8192"
};

struct ChangeContext : AuditContext {
  std::string format;
  std::uint64_t granularity_bytes = 0;  // 0: not known
  RangeSet listed;
  std::uint64_t ignored_bytes = 0;             // written there, and not to be looked at
  std::vector<std::vector<OwnedPart>> owners;  // of each missed range
};

// At most a few dozen lines of each kind; the JSON has all.
std::string change_text(const ChangeContext& context, const ChangedBlocks& changed,
                        const ChangeAudit& audit);
std::string change_json(const ChangeContext& context, const ChangedBlocks& changed,
                        const ChangeAudit& audit);

}  // namespace powercut
