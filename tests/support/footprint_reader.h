// SPDX-License-Identifier: GPL-2.0-only
//
// Checkers in memory: functions that read a state unit by unit, and a runner that keeps
// their footprints as a served disk does.

#pragma once

#include "replay/state_runner.h"
#include "replay/state_view.h"
#include "tests/support/history.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace powercut::test {

// Reads a state and remembers which units it read, in the order of first reading.
class FootprintReader {
 public:
  explicit FootprintReader(const CrashState& state) : state_(state) {}

  // The letter of a sector; all of its unit is in the footprint then.
  char sector(std::uint64_t number, std::uint16_t device = 0) {
    const UnitKey unit = make_unit(device, number * 512 / state_.space->unit_bytes());
    if (std::find(units_.begin(), units_.end(), unit) == units_.end()) {
      units_.push_back(unit);
    }
    std::string bytes(512, '\0');
    StateView(state_, device)
        .read(number * 512, std::as_writable_bytes(std::span(bytes)));
    return letters_of(bytes, number)[0];
  }

  const std::vector<UnitKey>& units() const { return units_; }

 private:
  CrashState state_;
  std::vector<UnitKey> units_;
};

// A checker's probe as a function.
using FakeProbe = std::function<Verdict(FootprintReader&)>;

class FakeRunner final : public StateRunner {
 public:
  explicit FakeRunner(std::vector<FakeProbe> probes) : probes_(std::move(probes)) {}

  explicit FakeRunner(FakeProbe probe) : probes_{std::move(probe)} {}

  std::string checker_name() const override { return "fake"; }

  Result<RunOutcome> run(std::size_t /*worker*/, const CrashState& state) override {
    RunOutcome outcome;
    for (const FakeProbe& probe : probes_) {
      FootprintReader reader(state);
      const std::size_t index = outcome.probes.size();
      ProbeOutcome result{"probe" + std::to_string(index), probe(reader), reader.units()};
      outcome.probes.push_back(std::move(result));
    }
    return outcome;
  }

 private:
  std::vector<FakeProbe> probes_;
};

inline Verdict clean() {
  return {};
}

inline Verdict found(std::string key) {
  Verdict verdict;
  verdict.kind = Verdict::Kind::kFindings;
  verdict.findings.push_back(Finding{key, key});
  return verdict;
}

inline Verdict inconclusive(std::string why) {
  Verdict verdict;
  verdict.kind = Verdict::Kind::kInconclusive;
  verdict.reason = std::move(why);
  return verdict;
}

// Like a journal replay: where it reads next depends on what it read. A chain of letters
// from sector 0: each says which sector comes next; zeros end it. The key of the finding
// is all that was read, so that no two classes are alike. Some chains are clean.
inline Verdict follow_chain(FootprintReader& reader, std::uint64_t sectors) {
  std::string read;
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < sectors; ++i) {
    const char letter = reader.sector(at);
    read += letter;
    if (letter == '.') {
      break;
    }
    at = (at + 1 + static_cast<std::uint64_t>(letter) % 3) % sectors;
  }
  return read.size() % 3 == 0 ? clean() : found(read);
}

}  // namespace powercut::test
