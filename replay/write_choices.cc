// SPDX-License-Identifier: GPL-2.0-only

#include "replay/write_choices.h"

#include <algorithm>

namespace powercut {

WriteChoices::WriteChoices(std::shared_ptr<const StateSpace> space)
    : space_(std::move(space)) {
  // In the order of the log, so that what is reported does not depend on the variables'.
  std::vector<WriteIndex> writes;
  for (Variable v = 0; v < space_->variable_count(); ++v) {
    if (space_->write_of(v) != kNoWrite) {
      writes.push_back(space_->write_of(v));
      continue;
    }
    for (const Version& version : space_->look(space_->unit_of(v)).question->versions) {
      if (version.kind == Version::Kind::kWrite) {
        writes.push_back(version.ref);
      }
    }
  }
  std::sort(writes.begin(), writes.end());
  writes.erase(std::unique(writes.begin(), writes.end()), writes.end());
  writes_ = std::move(writes);
  for (Variable v = 0; v < space_->variable_count(); ++v) {
    shown_.push_back(shown_by(v));
  }
}

ChoiceIndex WriteChoices::choice_of(WriteIndex write) {
  return static_cast<ChoiceIndex>(
      std::lower_bound(writes_.begin(), writes_.end(), write) - writes_.begin());
}

std::vector<WriteChoices::Shown> WriteChoices::shown_by(Variable variable) {
  const std::uint32_t count = space_->option_count(variable);
  if (space_->write_of(variable) != kNoWrite) {
    // Lost, kept, garbage; of a cluster, all but the option with most are "not whole".
    std::vector<Shown> shown(count, kBroken);
    shown[space_->least(variable)] = kOlder;
    shown[space_->most(variable)] = choice_of(space_->write_of(variable));
    return shown;
  }
  std::vector<Shown> shown;
  for (const Version& version :
       space_->look(space_->unit_of(variable)).question->versions) {
    switch (version.kind) {
      case Version::Kind::kWrite:
        shown.push_back(choice_of(version.ref));
        break;
      case Version::Kind::kBase:
        shown.push_back(kOlder);
        break;
      case Version::Kind::kGarbage:
      case Version::Kind::kMixed:
        shown.push_back(kBroken);
        break;
    }
  }
  return shown;
}

WriteChoices::Options WriteChoices::best(const std::vector<bool>& allowed) const {
  Options options(shown_.size());
  for (Variable v = 0; v < shown_.size(); ++v) {
    std::uint32_t chosen = space_->least(v);
    for (std::uint32_t option = 0; option < shown_[v].size(); ++option) {
      const Shown shown = shown_[v][option];
      if (shown < writes_.size() && allowed[shown]) {
        chosen = option;  // the newest of them
      }
    }
    options[v] = chosen;
  }
  return options;
}

WriteChoices::Options WriteChoices::without(const std::vector<ChoiceIndex>& lost) const {
  std::vector<bool> allowed(writes_.size(), true);
  for (const ChoiceIndex choice : lost) {
    allowed[choice] = false;
  }
  return best(allowed);
}

WriteChoices::Options WriteChoices::only(const std::vector<ChoiceIndex>& kept) const {
  std::vector<bool> allowed(writes_.size(), false);
  for (const ChoiceIndex choice : kept) {
    allowed[choice] = true;
  }
  return best(allowed);
}

std::vector<ChoiceIndex> WriteChoices::missing(const Options& options) const {
  std::vector<bool> gone(writes_.size(), false);
  for (Variable v = 0; v < shown_.size(); ++v) {
    const bool broken = shown_[v][options[v]] == kBroken;
    for (std::uint32_t option = 0; option < shown_[v].size(); ++option) {
      const Shown shown = shown_[v][option];
      if (shown < writes_.size() && (broken || option > options[v])) {
        gone[shown] = true;
      }
    }
  }
  std::vector<ChoiceIndex> missing;
  for (ChoiceIndex choice = 0; choice < gone.size(); ++choice) {
    if (gone[choice]) {
      missing.push_back(choice);
    }
  }
  return missing;
}

}  // namespace powercut
