// SPDX-License-Identifier: GPL-2.0-only
//
// The report of `powercut audit changes`, as text and as JSON. It is given what was found
// and does not look for anything itself.

#pragma once

#include "replay/changed_blocks.h"

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

// Everything that is told besides the audit itself.
struct ChangeContext {
  std::string log;
  std::uint16_t device = 0;
  std::string device_name;
  std::uint64_t device_bytes = 0;
  std::string from;  // as it was typed
  std::string to;
  Cut from_cut = 0;
  Cut to_cut = 0;
  std::string list;  // file
  std::string format;
  std::uint64_t granularity_bytes = 0;  // 0: not known
  RangeSet listed;
  std::uint64_t ignored_bytes = 0;             // written there, and not to be looked at
  std::vector<std::vector<OwnedPart>> owners;  // of each missed range
  std::vector<std::string> notes;              // sentences
};

// At most a few dozen lines of each kind; the JSON has all.
std::string change_text(const ChangeContext& context, const ChangedBlocks& changed,
                        const ChangeAudit& audit);
std::string change_json(const ChangeContext& context, const ChangedBlocks& changed,
                        const ChangeAudit& audit);

}  // namespace powercut
