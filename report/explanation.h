// SPDX-License-Identifier: GPL-2.0-only
//
// A finding explained, ready to be told: which writes are to blame, what they hold, what
// should have covered them, and what the checker says with and without them. Made by
// scenarios/explain.h; nothing here is computed from the log again.

#pragma once

#include "replay/reduction.h"

#include <cstdint>
#include <string>
#include <vector>

namespace powercut {

struct ExplainedWrite {
  ReducedWrite::Kind kind = ReducedWrite::Kind::kLost;
  std::uint64_t seq = 0;      // as `log list` counts (format 1: the entry)
  std::uint64_t time_ns = 0;  // since the first event of the log
  std::uint32_t pid = 0;
  std::string comm;
  std::string device;  // its name; empty if there is only one
  std::string op;      // "write", "discard", "write-zeroes"
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;
  std::vector<std::string> flags;    // "FUA", "META", "unstable", "failed"
  std::vector<std::string> sectors;  // of a torn one: "24-31", in 512-byte sectors
  std::string holds;                 // "inode table of group 0: inode 12 (file /a)"
  std::string cover;                 // a clause: "no flush of its disk follows it"
};

// A line of the checker's output in one state, in the other, or in both.
struct DiffLine {
  enum class In : char { kBoth = ' ', kFailing = '+', kSound = '-' };
  In in = In::kBoth;
  std::string text;
};

struct Explanation {
  std::string finding_id;  // the state that was asked about
  std::string log;         // as typed
  std::string probe;       // "base", or the further probe that complains
  std::string checker;
  Reduction::Against against = Reduction::Against::kNothing;
  std::string reduced_id;          // the state with nothing but the guilty writes wrong
  std::string sound_id;            // its neighbour; empty: there is none
  std::size_t pending = 0;         // writes that could be missing at that cut
  std::size_t missing_before = 0;  // of them, missing in the state asked about
  std::vector<ExplainedWrite> writes;
  std::vector<std::string> complaints;  // of the reduced state
  std::vector<DiffLine> output;         // of the checker; empty: it prints nothing
  bool minimal = true;
  std::uint64_t asked = 0;
  std::uint64_t runs = 0;
  std::string reproduce;  // a command
  std::string look;       // a command
  std::vector<std::string> notes;
};

// "did not reach the medium": what became of a write.
std::string clause_of(const ExplainedWrite& write);

// One sentence: "write 412 is lost, and nothing else".
std::string explanation_summary(const Explanation& explanation);

std::string explanation_text(const Explanation& explanation);
// docs/report.md has its fields.
std::string explanation_json(const Explanation& explanation);

// Line by line, by a longest common subsequence; long outputs are cut to their first
// lines, and say so.
std::vector<DiffLine> diff_lines(const std::string& sound, const std::string& failing);

}  // namespace powercut
