// SPDX-License-Identifier: GPL-2.0-only
//
// What a checker says of a state. A finding is data about the tested system; that the
// checker itself could not judge is "inconclusive", never clean.

#pragma once

#include "base/observation.h"
#include "replay/version.h"

#include <memory>
#include <string>
#include <vector>

namespace powercut {

// How the states that were not run are decided.
enum class Tier {
  kProved,    // by the footprints of the runs: the checker reads little more than it uses
  kInferred,  // from outcomes, tested on random states: it reads much more (read-ahead)
};

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
  // A digest of what recovery brought back; empty: not told. Runs of equal verdicts with
  // unequal outcomes are different answers of the inferred tier.
  std::string outcome;
  // What was seen, for an oracle; null: the checker does not tell.
  std::shared_ptr<const Observation> seen;

  // Equal in what they say, whatever was printed.
  bool same_as(const Verdict& other) const;
  // One line.
  std::string summary() const;
};

// One probe of one checker run: its verdict, and the units it read before it wrote them,
// in the order of their first read. A further probe is taken to have read what the base
// read, and does not list it again.
struct ProbeOutcome {
  std::string name;
  Verdict verdict;
  std::vector<UnitKey> footprint;
};

// Entry 0 is the base. Which others there are, and in which order, follows from what the
// base read: runs with equal bases have equal lists.
struct RunOutcome {
  std::vector<ProbeOutcome> probes;
};

}  // namespace powercut
