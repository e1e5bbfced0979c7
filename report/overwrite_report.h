// SPDX-License-Identifier: GPL-2.0-only
//
// The report of `powercut audit overwrites`, as text and as JSON. It is given what was
// found and does not look for anything itself.

#pragma once

#include "replay/overwrites.h"
#include "report/audit_context.h"

#include <string>
#include <vector>

namespace powercut {

struct OverwriteContext : AuditContext {
  std::vector<KeptExtent> extents;
};

// At most a few dozen lines; the JSON has all.
std::string overwrite_text(const OverwriteContext& context, const ChangedBlocks& changed,
                           const OverwriteAudit& audit);
std::string overwrite_json(const OverwriteContext& context, const ChangedBlocks& changed,
                           const OverwriteAudit& audit);

}  // namespace powercut
