// SPDX-License-Identifier: GPL-2.0-only

#include "replay/outcome_model.h"

#include <algorithm>
#include <set>

namespace powercut {

bool OutcomeRule::applies(const std::vector<ChoiceIndex>& gone,
                          const WriteChoices::Options& options) const {
  return std::includes(gone.begin(), gone.end(), missing.begin(), missing.end()) &&
         std::all_of(exact.begin(), exact.end(),
                     [&](const std::pair<Variable, std::uint32_t>& asked) {
                       return options[asked.first] == asked.second;
                     });
}

std::size_t OutcomeModel::first_applying(const WriteChoices& choices,
                                         const WriteChoices::Options& options) const {
  const std::vector<ChoiceIndex> gone = choices.missing(options);
  const auto rule = std::find_if(rules_.begin(), rules_.end(), [&](const OutcomeRule& r) {
    return r.applies(gone, options);
  });
  return static_cast<std::size_t>(rule - rules_.begin());
}

OutcomeId OutcomeModel::predict(const WriteChoices& choices,
                                const WriteChoices::Options& options) const {
  const std::size_t rule = first_applying(choices, options);
  return rule == rules_.size() ? otherwise_ : rules_[rule].outcome;
}

void OutcomeModel::add_before_applying(const WriteChoices& choices,
                                       const WriteChoices::Options& options,
                                       OutcomeRule rule) {
  const std::size_t at = first_applying(choices, options);
  rules_.insert(rules_.begin() + static_cast<std::ptrdiff_t>(at), std::move(rule));
}

std::vector<ChoiceIndex> OutcomeModel::deciding(const WriteChoices& choices) const {
  std::set<ChoiceIndex> deciding;
  for (const OutcomeRule& rule : rules_) {
    deciding.insert(rule.missing.begin(), rule.missing.end());
    if (!rule.exact.empty()) {
      WriteChoices::Options options = choices.without({});
      for (const auto& [variable, option] : rule.exact) {
        options[variable] = option;
      }
      const std::vector<ChoiceIndex> gone = choices.missing(options);
      deciding.insert(gone.begin(), gone.end());
    }
  }
  return {deciding.begin(), deciding.end()};
}

}  // namespace powercut
