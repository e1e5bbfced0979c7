// SPDX-License-Identifier: GPL-2.0-only
//
// What a checker says of a state. A finding is data about the tested system; that the
// checker itself could not judge is "inconclusive", never clean.

#pragma once

#include "replay/version.h"

#include <string>
#include <vector>

namespace powercut {

struct Finding {
  // Two findings with equal keys are the same complaint: what a baseline subtracts.
  std::string key;
  std::string summary;  // one line
  // Nothing else could be found beside this one (the file system cannot be opened at
  // all): a baseline that has it makes a check meaningless.
  bool blinding = false;
};

struct Verdict {
  enum class Kind { kClean, kFindings, kInconclusive };
  Kind kind = Kind::kClean;
  std::vector<Finding> findings;  // kFindings
  std::string reason;             // kInconclusive: why
  std::string output;             // what the checker printed, bounded

  // Equal in what they say, whatever was printed.
  bool same_as(const Verdict& other) const;
  // One line.
  std::string summary() const;
};

// One probe of one checker run: its verdict, and the units it read before it wrote them,
// in the order of their first read, those of the base probe included.
struct ProbeOutcome {
  Verdict verdict;
  std::vector<UnitKey> footprint;
};

// Entry i belongs to probe i of the checker; entry 0 is the base.
struct RunOutcome {
  std::vector<ProbeOutcome> probes;
};

}  // namespace powercut
