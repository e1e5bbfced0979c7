// SPDX-License-Identifier: GPL-2.0-only
//
// A guess at what a checker answers in one window, from which writes are missing: a list
// of rules, of which the first that applies decides. It is a guess: what it is worth is
// found by trying it on random states (replay/inference.h).

#pragma once

#include "replay/write_choices.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace powercut {

using OutcomeId = std::uint32_t;

// Applies to states in which all of `missing` are missing, and all of `exact` are so.
struct OutcomeRule {
  std::vector<ChoiceIndex> missing;                       // ascending
  std::vector<std::pair<Variable, std::uint32_t>> exact;  // variable, option
  OutcomeId outcome = 0;

  bool applies(const std::vector<ChoiceIndex>& gone,
               const WriteChoices::Options& options) const;
};

class OutcomeModel {
 public:
  // The answer when no rule applies: with nothing missing.
  explicit OutcomeModel(OutcomeId otherwise) : otherwise_(otherwise) {}

  OutcomeId predict(const WriteChoices& choices,
                    const WriteChoices::Options& options) const;

  // Goes before all rules.
  void add_first(OutcomeRule rule) { rules_.insert(rules_.begin(), std::move(rule)); }

  void add_last(OutcomeRule rule) { rules_.push_back(std::move(rule)); }

  // Goes before the first rule that applies to `options`, or last.
  void add_before_applying(const WriteChoices& choices,
                           const WriteChoices::Options& options, OutcomeRule rule);

  const std::vector<OutcomeRule>& rules() const { return rules_; }

  // Every write that a rule names, ascending: what decides.
  std::vector<ChoiceIndex> deciding(const WriteChoices& choices) const;

 private:
  std::size_t first_applying(const WriteChoices& choices,
                             const WriteChoices::Options& options) const;

  OutcomeId otherwise_;
  std::vector<OutcomeRule> rules_;
};

}  // namespace powercut
