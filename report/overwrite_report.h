// SPDX-License-Identifier: GPL-2.0-only
//
// The report of `powercut audit overwrites`, as text and as JSON. It is given what was
// found and does not look for anything itself.

#pragma once

#include "replay/overwrites.h"

#include <cstdint>
#include <string>
#include <vector>

namespace powercut {

// Everything that is told besides the audit itself.
struct OverwriteContext {
  std::string log;
  std::uint16_t device = 0;
  std::string device_name;
  std::uint64_t device_bytes = 0;
  std::string from;  // as it was typed
  std::string to;
  Cut from_cut = 0;
  Cut to_cut = 0;
  std::string list;  // file
  std::vector<KeptExtent> extents;
  std::vector<std::string> notes;  // sentences
};

// At most a few dozen lines; the JSON has all.
std::string overwrite_text(const OverwriteContext& context, const ChangedBlocks& changed,
                           const OverwriteAudit& audit);
std::string overwrite_json(const OverwriteContext& context, const ChangedBlocks& changed,
                           const OverwriteAudit& audit);

}  // namespace powercut
