// SPDX-License-Identifier: GPL-2.0-only

#include "replay/inference_window.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace powercut {

Inference::WindowWork::WindowWork(Inference& inference,
                                  std::shared_ptr<const Durability> durability,
                                  std::shared_ptr<const StateSpace> space, Window window)
    : inference_(inference),
      durability_(std::move(durability)),
      space_(std::move(space)),
      choices_(space_),
      random_(inference.options_.seed + window.number) {
  result_.window = window;
  result_.pending = choices_.count();
  result_.permitted = space_->state_count();
}

Result<InferredWindow> Inference::WindowWork::work() {
  PC_ASSIGN_OR_RETURN(bool held, result_.permitted <= structured_bound()
                                     ? run_every_state()
                                     : run_structured());
  if (held && result_.share > 0) {
    PC_ASSIGN_OR_RETURN(held, confirm());
  }
  result_.inferred = held;
  std::set<OutcomeId> outcomes;
  for (const auto& [options, outcome] : known_) {
    outcomes.insert(outcome);
  }
  result_.outcomes = outcomes.size();
  const Timeline& timeline = space_->recording().timeline();
  for (const ChoiceIndex choice : model_.deciding(choices_)) {
    result_.deciding_writes.push_back(
        timeline.seq_of(timeline.write(choices_.write(choice))));
  }
  if (!held && result_.why_not.empty()) {
    result_.why_not = "the budget of the run ended it";
  }
  return std::move(result_);
}

Result<std::optional<std::vector<OutcomeId>>> Inference::WindowWork::ask(
    const std::vector<Options>& states, bool random) {
  std::uint64_t first = inference_.next_ticket_;
  std::vector<const Options*> asked;
  for (const Options& options : states) {
    if (!known_.contains(options)) {
      asked.push_back(&options);
      known_.emplace(options, 0);  // not twice in one batch
    }
  }
  for (std::size_t i = 0; i < asked.size(); ++i) {
    inference_.pool_->start(first + i, CrashState{space_, *asked[i]});
  }
  inference_.next_ticket_ += asked.size();
  bool conclusive = true;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    PC_ASSIGN_OR_RETURN(RunOutcome outcome, inference_.pool_->wait(first + i));
    PC_RETURN_IF_ERROR(inference_.judge(outcome, result_.window.stage));
    ++inference_.certificate_.runs;
    ++(random ? result_.random_runs : result_.runs);
    const OutcomeId id = inference_.outcome_of(outcome, CrashState{space_, *asked[i]},
                                               result_.window, *durability_);
    known_[*asked[i]] = id;
    conclusive = conclusive && inference_.conclusive_[id];
    samples_.push_back(Sample{*asked[i], id});
  }
  if (!conclusive) {
    result_.why_not = "the checker could not judge some of its states";
    return std::optional<std::vector<OutcomeId>>();
  }
  if (!inference_.may_go_on()) {
    return std::optional<std::vector<OutcomeId>>();
  }
  std::vector<OutcomeId> outcomes;
  outcomes.reserve(states.size());
  for (const Options& options : states) {
    outcomes.push_back(known_.at(options));
  }
  return std::optional(std::move(outcomes));
}

Result<std::optional<OutcomeId>> Inference::WindowWork::ask_one(const Options& state) {
  if (!known_.contains(state) && result_.runs >= structured_bound()) {
    result_.why_not =
        fmt::format("no simple rule after {} runs of chosen states", result_.runs);
    return std::optional<OutcomeId>();
  }
  PC_ASSIGN_OR_RETURN(const auto outcomes, ask({state}, false));
  return outcomes ? std::optional((*outcomes)[0]) : std::optional<OutcomeId>();
}

// Few states: all are run, and nothing is guessed.
Result<bool> Inference::WindowWork::run_every_state() {
  std::vector<Options> states;
  Options options(space_->variable_count(), 0);
  while (true) {
    states.push_back(options);
    Variable v = 0;
    while (v < options.size() && ++options[v] == space_->option_count(v)) {
      options[v++] = 0;
    }
    if (v == options.size()) {
      break;
    }
  }
  PC_ASSIGN_OR_RETURN(const auto outcomes, ask(states, false));
  result_.confidence = 1;
  return outcomes.has_value();
}

Result<bool> Inference::WindowWork::run_structured() {
  result_.share = inference_.inference_.share;
  result_.confidence = inference_.inference_.confidence;
  std::vector<ChoiceIndex> every(choices_.count());
  std::vector<Options> states = {choices_.without({}), choices_.only({})};
  for (ChoiceIndex choice = 0; choice < every.size(); ++choice) {
    states.push_back(choices_.without({choice}));
    states.push_back(choices_.only({choice}));
  }
  PC_ASSIGN_OR_RETURN(const auto outcomes, ask(states, false));
  if (!outcomes) {
    return false;
  }
  model_ = OutcomeModel((*outcomes)[0]);
  PC_ASSIGN_OR_RETURN(const bool ordered, order_rules());
  if (!ordered) {
    return false;
  }
  return explain_all();
}

// A rule for each write whose absence changes the answer. Where two such rules say
// different things, the state without both tells which wins.
Result<bool> Inference::WindowWork::order_rules() {
  const OutcomeId all = known_.at(choices_.without({}));
  std::vector<std::pair<OutcomeId, ChoiceIndex>> groups;  // by outcome, winners first
  std::map<OutcomeId, std::vector<ChoiceIndex>> members;
  for (ChoiceIndex choice = 0; choice < choices_.count(); ++choice) {
    const OutcomeId outcome = known_.at(choices_.without({choice}));
    if (outcome == all) {
      continue;
    }
    std::vector<ChoiceIndex>& group = members[outcome];
    group.push_back(choice);
    if (group.size() > 1) {
      continue;
    }
    std::size_t at = 0;
    for (; at < groups.size(); ++at) {
      PC_ASSIGN_OR_RETURN(const auto both,
                          ask_one(choices_.without({choice, groups[at].second})));
      if (!both) {
        return false;
      }
      if (*both != groups[at].first) {
        break;
      }
    }
    groups.insert(groups.begin() + static_cast<std::ptrdiff_t>(at), {outcome, choice});
  }
  for (const auto& [outcome, first] : groups) {
    for (const ChoiceIndex choice : members[outcome]) {
      model_.add_last(OutcomeRule{{choice}, {}, outcome});
    }
  }
  return true;
}

Result<bool> Inference::WindowWork::explain_all() {
  // Each pass either finds all explained, or adds a rule, which costs runs of a bound.
  for (std::size_t i = 0; i < samples_.size(); ++i) {
    const Sample sample = samples_[i];
    if (model_.predict(choices_, sample.options) == sample.outcome) {
      continue;
    }
    PC_ASSIGN_OR_RETURN(const bool explained, explain(sample));
    if (!explained) {
      return false;
    }
    constexpr std::size_t kMostRules = 1000;
    if (model_.rules().size() > kMostRules) {
      result_.why_not = "no simple rule";
      return false;
    }
    i = static_cast<std::size_t>(-1);  // from the first again: a rule may undo another
  }
  return true;
}

Result<bool> Inference::WindowWork::explain(const Sample& sample) {
  const std::vector<ChoiceIndex> gone = choices_.missing(sample.options);
  const Options whole = choices_.without(gone);
  PC_ASSIGN_OR_RETURN(const auto answer, ask_one(whole));
  if (!answer) {
    return false;
  }
  if (*answer != sample.outcome || *answer == model_.predict(choices_, whole)) {
    return explain_torn(sample, whole);
  }
  const auto surprises =
      [&](const std::vector<std::uint32_t>& parts) -> Result<std::optional<bool>> {
    const Options options = choices_.without(parts);
    PC_ASSIGN_OR_RETURN(const auto said, ask_one(options));
    return said ? std::optional(*said != model_.predict(choices_, options))
                : std::optional<bool>();
  };
  PC_ASSIGN_OR_RETURN(auto parts, shrink(gone, surprises));
  if (!parts) {
    return false;
  }
  std::sort(parts->begin(), parts->end());
  const Options options = choices_.without(*parts);
  model_.add_before_applying(choices_, options,
                             OutcomeRule{*parts, {}, known_.at(options)});
  if (model_.predict(choices_, sample.options) != sample.outcome) {
    // Another rule still wins there; its turn comes in the next pass, unless this very
    // state is what the rule must be about.
    if (*parts == gone) {
      model_.add_first(OutcomeRule{gone, {}, sample.outcome});
    }
  }
  return true;
}

// The same writes are missing in `whole`, wholly, and it answers otherwise: what matters
// is which pieces are there.
Result<bool> Inference::WindowWork::explain_torn(const Sample& sample,
                                                 const Options& whole) {
  std::vector<std::uint32_t> pieces;
  for (Variable v = 0; v < whole.size(); ++v) {
    if (whole[v] != sample.options[v]) {
      pieces.push_back(v);
    }
  }
  const auto with = [&](const std::vector<std::uint32_t>& parts) {
    Options options = whole;
    for (const std::uint32_t v : parts) {
      options[v] = sample.options[v];
    }
    return options;
  };
  const auto surprises =
      [&](const std::vector<std::uint32_t>& parts) -> Result<std::optional<bool>> {
    const Options options = with(parts);
    PC_ASSIGN_OR_RETURN(const auto said, ask_one(options));
    return said ? std::optional(*said != model_.predict(choices_, options))
                : std::optional<bool>();
  };
  PC_ASSIGN_OR_RETURN(auto parts, shrink(pieces, surprises));
  if (!parts) {
    return false;
  }
  const Options options = with(*parts);
  OutcomeRule rule{choices_.missing(options), {}, known_.at(options)};
  for (const std::uint32_t v : *parts) {
    rule.exact.emplace_back(v, options[v]);
  }
  model_.add_before_applying(choices_, options, std::move(rule));
  if (model_.predict(choices_, sample.options) != sample.outcome && *parts == pieces) {
    OutcomeRule own{choices_.missing(sample.options), {}, sample.outcome};
    for (Variable v = 0; v < sample.options.size(); ++v) {
      own.exact.emplace_back(v, sample.options[v]);
    }
    model_.add_first(std::move(own));
  }
  return true;
}

// Finds the shortest beginning that still holds, keeps its last part, and goes on among
// what was before it: k * log(n) questions for k parts that matter.
Result<std::optional<std::vector<std::uint32_t>>> Inference::WindowWork::shrink(
    std::vector<std::uint32_t> parts,
    const std::function<Result<std::optional<bool>>(const std::vector<std::uint32_t>&)>&
        holds) {
  using Answer = std::optional<std::vector<std::uint32_t>>;
  std::vector<std::uint32_t> kept;
  const std::vector<std::uint32_t> whole = parts;
  while (true) {
    PC_ASSIGN_OR_RETURN(const auto enough, holds(kept));
    if (!enough) {
      return Answer();
    }
    if (*enough) {
      return Answer(std::move(kept));
    }
    if (parts.empty()) {
      return Answer(whole);  // it is not as simple as that: take it as it was seen
    }
    std::size_t low = 1;
    std::size_t high = parts.size();  // with so many it holds
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      std::vector<std::uint32_t> tried = kept;
      tried.insert(tried.end(), parts.begin(),
                   parts.begin() + static_cast<std::ptrdiff_t>(middle));
      std::sort(tried.begin(), tried.end());
      PC_ASSIGN_OR_RETURN(const auto held, holds(tried));
      if (!held) {
        return Answer();
      }
      (*held ? high : low) = *held ? middle : middle + 1;
    }
    kept.push_back(parts[low - 1]);
    std::sort(kept.begin(), kept.end());
    parts.resize(low - 1);
  }
}

std::vector<Inference::WindowWork::Options> Inference::WindowWork::next_random(
    std::size_t count) {
  std::vector<Options> states;
  while (states.size() < count) {
    states.push_back(random_state(space_, random_).options);
  }
  return states;
}

// Pairs first: they find soon what needs two losses. Only uniform states count.
Result<bool> Inference::WindowWork::confirm() {
  constexpr std::size_t kPairs = 40;
  std::vector<Options> pairs;
  for (std::size_t i = 0; i < kPairs && choices_.count() > 1; ++i) {
    const auto a = static_cast<ChoiceIndex>(random_.below(choices_.count()));
    const auto b = static_cast<ChoiceIndex>(random_.below(choices_.count()));
    pairs.push_back(choices_.without({std::min(a, b), std::max(a, b)}));
  }
  const std::uint64_t wanted = agreeing_runs(inference_.inference_);
  const std::uint64_t most = 5 * wanted;  // random runs, before it is given up
  constexpr std::size_t kBatch = 16;
  std::uint64_t agreed = 0;
  for (std::size_t next = 0; agreed < wanted;) {
    if (result_.random_runs >= most) {
      result_.why_not = fmt::format("{} random states, and still surprises", most);
      return false;
    }
    const bool pair = next < pairs.size();
    std::vector<Options> states;
    if (pair) {
      const std::size_t end = std::min(next + kBatch, pairs.size());
      states.assign(pairs.begin() + static_cast<std::ptrdiff_t>(next),
                    pairs.begin() + static_cast<std::ptrdiff_t>(end));
      next = end;
    } else {
      states = next_random(std::min<std::uint64_t>(kBatch, wanted - agreed));
    }
    PC_ASSIGN_OR_RETURN(const auto outcomes, ask(states, true));
    if (!outcomes) {
      return false;
    }
    bool surprised = false;
    for (std::size_t i = 0; i < states.size(); ++i) {
      surprised = surprised || model_.predict(choices_, states[i]) != (*outcomes)[i];
    }
    if (surprised) {
      PC_ASSIGN_OR_RETURN(const bool explained, explain_all());
      if (!explained) {
        return false;
      }
      agreed = 0;  // what a rule was made from does not speak for it
    } else if (!pair) {
      agreed += states.size();
    }
  }
  return true;
}

}  // namespace powercut
