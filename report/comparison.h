// SPDX-License-Identifier: GPL-2.0-only
//
// What changed between two checks, or two runs of scenarios: which findings are new,
// which are gone, and of which the number of states changed.

#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace powercut {

// The findings of one side, each kind once.
struct ComparedSide {
  struct Kind {
    std::string key;      // equal on both sides: the same finding
    std::string summary;  // of the first
    std::string states;   // decimal; of several of a kind the first's
  };

  std::string name;
  std::vector<Kind> kinds;
  bool whole = true;  // all was decided: what is not among them is not there
};

struct Comparison {
  struct Row {
    std::string key;
    std::string summary;
    std::string states_a;  // empty: not there
    std::string states_b;
  };

  std::string name_a;
  std::string name_b;
  std::vector<Row> fresh;  // in B only
  std::vector<Row> gone;   // in A only
  std::vector<Row> changed;
  std::vector<Row> same;
  bool whole = true;  // of B
};

// From `check --json` or `run --json`. kUsage: it is neither.
Result<ComparedSide> compared_side(const std::string& name,
                                   const std::string& report_json);

Comparison compare_sides(const ComparedSide& a, const ComparedSide& b);

std::string comparison_text(const Comparison& comparison);
std::string comparison_json(const Comparison& comparison);

}  // namespace powercut
