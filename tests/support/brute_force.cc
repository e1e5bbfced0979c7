// SPDX-License-Identifier: GPL-2.0-only

#include "tests/support/brute_force.h"

#include "replay/state_view.h"

#include <fmt/format.h>

#include <algorithm>

namespace powercut::test {

std::shared_ptr<const Recording> recorded(const History& history) {
  return value_or_throw(Recording::make(history.log(), {}));
}

std::shared_ptr<const Durability> durability(const Recording& recording,
                                             const CrashModel& model) {
  return std::make_shared<const Durability>(
      value_or_throw(Durability::build(recording.timeline(), model)));
}

std::shared_ptr<const StateSpace> space_at(std::shared_ptr<const Recording> recording,
                                           const CrashModel& model, Cut cut) {
  std::shared_ptr<const Durability> durable = durability(*recording, model);
  return value_or_throw(StateSpace::build(std::move(recording), std::move(durable), cut));
}

void for_each_state(const std::shared_ptr<const StateSpace>& space,
                    const std::function<void(const CrashState&)>& visit) {
  CrashState state = least_state(space);
  while (true) {
    visit(state);
    Variable v = 0;
    while (v < state.options.size() && ++state.options[v] == space->option_count(v)) {
      state.options[v++] = 0;
    }
    if (v == state.options.size()) {
      return;
    }
  }
}

namespace {

std::string read_all(const BlockSource& source) {
  std::string bytes(source.size_bytes(), '\0');
  source.read(0, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

std::string read_unit(const CrashState& state, UnitKey unit) {
  std::string bytes(state.space->unit_bytes(), '\0');
  state.space->read_version(unit, state.space->version_at(unit, state.options), 0,
                            std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

}  // namespace

std::string letters_of(const CrashState& state) {
  std::string letters;
  for (std::uint16_t d = 0; d < state.space->recording().device_count(); ++d) {
    letters += (d > 0 ? "|" : "") + letters_of(read_all(StateView(state, d)));
  }
  return letters;
}

std::set<std::string> states_at(const std::shared_ptr<const Recording>& recording,
                                const CrashModel& model, Cut cut) {
  std::set<std::string> states;
  for_each_state(space_at(recording, model, cut),
                 [&](const CrashState& state) { states.insert(letters_of(state)); });
  return states;
}

std::set<std::string> states_at(const History& history, const CrashModel& model,
                                Cut cut) {
  return states_at(recorded(history), model, cut);
}

Result<RunOutcome> RunBook::run(std::size_t worker, const CrashState& state) {
  Result<RunOutcome> outcome = runner_.run(worker, state);
  if (!outcome) {
    return outcome;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  ids_.push_back(state.id());
  for (std::size_t probe = 0; probe < outcome->probes.size(); ++probe) {
    Entry entry{probe, {}, verdict_text(outcome->probes[probe].verdict)};
    std::vector<UnitKey> read = outcome->probes[0].footprint;
    if (probe != 0) {
      const std::vector<UnitKey>& own = outcome->probes[probe].footprint;
      read.insert(read.end(), own.begin(), own.end());
    }
    for (const UnitKey unit : read) {
      entry.footprint.emplace_back(unit, read_unit(state, unit));
    }
    entries_.push_back(std::move(entry));
  }
  return outcome;
}

std::set<std::string> RunBook::verdicts_of(const CrashState& state,
                                           std::size_t probe) const {
  std::map<UnitKey, std::string> known;
  std::set<std::string> verdicts;
  for (const Entry& entry : entries_) {
    const bool agrees = std::all_of(entry.footprint.begin(), entry.footprint.end(),
                                    [&](const auto& read) {
                                      auto [it, inserted] = known.try_emplace(read.first);
                                      if (inserted) {
                                        it->second = read_unit(state, read.first);
                                      }
                                      return it->second == read.second;
                                    });
    if (agrees && entry.probe == probe) {
      verdicts.insert(entry.verdict);
    }
  }
  return verdicts;
}

std::vector<std::string> RunBook::ids() const {
  std::vector<std::string> sorted = ids_;
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

std::string verdict_text(const Verdict& verdict) {
  if (verdict.kind != Verdict::Kind::kFindings) {
    return verdict.summary();
  }
  std::string keys;
  for (const Finding& finding : verdict.findings) {
    keys += (keys.empty() ? "" : "; ") + finding.key;
  }
  return keys;
}

BruteForce brute_force(const std::shared_ptr<const StateSpace>& space,
                       StateRunner& runner, const RunBook* book) {
  BruteForce result;
  for_each_state(space, [&](const CrashState& state) {
    ++result.states;
    const RunOutcome outcome = value_or_throw(runner.run(0, state));
    for (std::size_t probe = 0; probe < outcome.probes.size(); ++probe) {
      const std::string verdict = verdict_text(outcome.probes[probe].verdict);
      ++result.verdicts[{probe, verdict}];
      if (book == nullptr) {
        continue;
      }
      const std::set<std::string> told = book->verdicts_of(state, probe);
      if (told != std::set<std::string>{verdict}) {
        result.disagreements.push_back(
            fmt::format("{}, probe {}: '{}' for real, '{}' by the runs it agrees with",
                        state.id(), probe, verdict, fmt::join(told, "' and '")));
      }
    }
  });
  return result;
}

std::map<std::pair<std::size_t, std::string>, std::uint64_t> verdicts_of(
    const Certificate& certificate) {
  std::map<std::pair<std::size_t, std::string>, std::uint64_t> verdicts;
  BigCount clean = certificate.states_decided;
  for (const FailingClass& failing : certificate.findings) {
    verdicts[{0, verdict_text(failing.verdict)}] +=
        failing.states.convert_to<std::uint64_t>();
    clean -= failing.states;
  }
  if (clean != 0) {
    verdicts[{0, "clean"}] = clean.convert_to<std::uint64_t>();
  }
  return verdicts;
}

}  // namespace powercut::test
