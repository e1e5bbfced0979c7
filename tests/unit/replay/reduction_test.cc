// SPDX-License-Identifier: GPL-2.0-only
//
// A failing state reduced to the writes that explain it: named exactly, minimal, and with
// few runs.

#include "replay/reduction.h"

#include "replay/known_states.h"
#include "tests/unit/replay/explorer_bench.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace powercut::test {
namespace {

using Kind = ReducedWrite::Kind;
using Against = Reduction::Against;

// A checker over the letters of a state, and its reductions.
class Patient {
 public:
  Patient(const History& history, FakeProbe probe, const CrashModel& model = {})
      : space_(space_at(recorded(history), model, history.now())),
        runner_(std::move(probe)),
        known_(runner_, "probe0", true) {}

  const std::shared_ptr<const StateSpace>& space() const { return space_; }

  Result<Judged> ask(const CrashState& state) {
    PC_ASSIGN_OR_RETURN(const KnownStates::Answer answer, known_.ask(state));
    return Judged{*answer.base, answer.ran};
  }

  Result<Reduction> try_reduce(const CrashState& state, std::uint64_t max_runs = 400) {
    ReductionOptions options;
    options.ask = [this](const CrashState& each) { return ask(each); };
    options.max_runs = max_runs;
    return powercut::reduce(state, options);
  }

  Reduction reduce(const CrashState& state) { return value_or_throw(try_reduce(state)); }

  bool fails(const CrashState& state) {
    return value_or_throw(ask(state)).verdict.kind == Verdict::Kind::kFindings;
  }

  // Kind and first sector of each write of a reduction.
  std::vector<std::pair<Kind, std::uint64_t>> named(const Reduction& reduction) const {
    std::vector<std::pair<Kind, std::uint64_t>> writes;
    for (const ReducedWrite& each : reduction.writes) {
      writes.emplace_back(
          each.kind, space_->recording().timeline().write(each.write).offset_bytes / 512);
    }
    return writes;
  }

 private:
  std::shared_ptr<const StateSpace> space_;
  FakeRunner runner_;
  KnownStates known_;
};

using Named = std::vector<std::pair<Kind, std::uint64_t>>;

TEST_CASE("one guilty write of 128 is named by at most 40 runs", "[replay][reduction]") {
  constexpr std::uint64_t kWrites = 128;
  for (const std::uint64_t guilty : {0U, 1U, 63U, 77U, 127U}) {
    Patient patient(independent_writes(kWrites), [&](FootprintReader& reader) {
      for (std::uint64_t i = 0; i < kWrites; ++i) {
        reader.sector(i);  // so that no state is like another
      }
      return reader.sector(guilty) == '.' ? found("gone") : clean();
    });
    Random random(guilty + 1);
    CrashState state = random_state(patient.space(), random);
    state.options[guilty] = 0;
    REQUIRE(patient.space()
                ->recording()
                .timeline()
                .write(patient.space()->write_of(static_cast<Variable>(guilty)))
                .offset_bytes == guilty * 512);
    const Reduction reduction = patient.reduce(state);
    INFO("guilty " << guilty << ", runs " << reduction.runs);
    CHECK(reduction.against == Against::kAllLanded);
    CHECK(patient.named(reduction) == Named{{Kind::kLost, guilty}});
    CHECK(reduction.minimal);
    CHECK(reduction.runs <= 40);
    CHECK(reduction.runs == reduction.asked);
    CHECK(patient.fails(reduction.failing));
    CHECK_FALSE(patient.fails(*reduction.sound));
  }
}

TEST_CASE("what the checker does not read costs no run", "[replay][reduction]") {
  Patient patient(independent_writes(100), [](FootprintReader& reader) {
    return reader.sector(7) == '.' ? found("gone") : clean();
  });
  const Reduction reduction = patient.reduce(least_state(patient.space()));
  CHECK(patient.named(reduction) == Named{{Kind::kLost, 7}});
  CHECK(reduction.runs == 2);
  CHECK(reduction.asked > 10);
}

TEST_CASE("a write that overtook another is told the shorter way",
          "[replay][reduction]") {
  // 3 before 2: lost is one write of sixteen; what landed would be one too.
  Patient order(independent_writes(16), &wants_order);
  CrashState state = least_state(order.space());
  state.options[3] = 1;
  state.options[9] = 1;
  CHECK(order.named(order.reduce(state)) == Named{{Kind::kLost, 2}});
  // Sector 5 must not be there without 6, 7 and 8: one landed, or three lost.
  Patient many(independent_writes(16), [](FootprintReader& reader) {
    const bool rest =
        reader.sector(6) != '.' || reader.sector(7) != '.' || reader.sector(8) != '.';
    return reader.sector(5) != '.' && !rest ? found("alone") : clean();
  });
  state = least_state(many.space());
  state.options[5] = 1;
  state.options[1] = 1;
  const Reduction reduction = many.reduce(state);
  CHECK(reduction.against == Against::kNoneLanded);
  CHECK(many.named(reduction) == Named{{Kind::kLanded, 5}});
}

TEST_CASE("all that is needed is kept, and nothing else", "[replay][reduction]") {
  Patient patient(independent_writes(40), [](FootprintReader& reader) {
    unsigned gone = 0;
    for (const std::uint64_t each : {3U, 17U, 31U}) {
      gone += reader.sector(each) == '.' ? 1 : 0;
    }
    return gone == 3 ? found("three") : clean();
  });
  const Reduction reduction = patient.reduce(least_state(patient.space()));
  CHECK(patient.named(reduction) ==
        Named{{Kind::kLost, 3}, {Kind::kLost, 17}, {Kind::kLost, 31}});
}

History one_long_write() {
  History history(1, 16);
  history.write({0, 8}, 'a');
  history.write({12}, 'b');
  return history;
}

TEST_CASE("a torn write is told by the units that are missing", "[replay][reduction]") {
  CrashModel model;
  model.atomic_bytes = 512;
  // Whole or not at all would be well.
  Patient patient(
      one_long_write(),
      [](FootprintReader& reader) {
        return reader.sector(0) != '.' && reader.sector(5) == '.' ? found("torn")
                                                                  : clean();
      },
      model);
  CrashState state = least_state(patient.space());
  state.options[0] = patient.space()->most(0);
  const Reduction reduction = patient.reduce(state);
  REQUIRE(reduction.writes.size() == 1);
  CHECK(reduction.writes[0].kind == Kind::kTorn);
  CHECK(reduction.writes[0].units == std::vector<UnitKey>{make_unit(0, 5)});
}

TEST_CASE("a write that may be torn but need not be is told as lost",
          "[replay][reduction]") {
  CrashModel model;
  model.atomic_bytes = 512;
  Patient patient(
      one_long_write(),
      [](FootprintReader& reader) {
        return reader.sector(5) == '.' ? found("gone") : clean();
      },
      model);
  CrashState state = most_state(patient.space());
  state.options[5] = patient.space()->least(5);
  const Reduction reduction = patient.reduce(state);
  CHECK(patient.named(reduction) == Named{{Kind::kLost, 0}});
  CHECK(reduction.writes[0].units.size() == 8);
}

TEST_CASE("what fails whatever landed blames no write", "[replay][reduction]") {
  Patient patient(independent_writes(6), [](FootprintReader& reader) {
    reader.sector(0);
    return found("always");
  });
  const Reduction reduction = patient.reduce(least_state(patient.space()));
  CHECK(reduction.against == Against::kNothing);
  CHECK(reduction.writes.empty());
  CHECK_FALSE(reduction.sound);
  CHECK(reduction.failing.options == most_state(patient.space()).options);
}

TEST_CASE("another finding is not the same", "[replay][reduction]") {
  // Of what is lost in the state, only sector 2 makes "a"; sector 1 makes "b".
  Patient patient(independent_writes(8), [](FootprintReader& reader) {
    if (reader.sector(2) == '.') {
      return found("a");
    }
    return reader.sector(1) == '.' ? found("b") : clean();
  });
  const Reduction reduction = patient.reduce(least_state(patient.space()));
  CHECK(patient.named(reduction) == Named{{Kind::kLost, 2}});
  CHECK(reduction.verdict.findings[0].key == "a");
}

TEST_CASE("a state that does not fail cannot be explained", "[replay][reduction]") {
  Patient patient(independent_writes(4), &reads_nothing);
  const Result<Reduction> reduction = patient.try_reduce(most_state(patient.space()));
  REQUIRE_FALSE(reduction);
  CHECK(reduction.error().kind == ErrorKind::kUsage);
  Patient mute(independent_writes(4),
               [](FootprintReader&) { return inconclusive("no time"); });
  CHECK(mute.try_reduce(most_state(mute.space())).error().kind == ErrorKind::kBadInput);
}

TEST_CASE("a bound of runs is kept, and told", "[replay][reduction]") {
  Patient patient(independent_writes(64), [](FootprintReader& reader) {
    std::string there;
    for (std::uint64_t i = 0; i < 64; ++i) {
      there += reader.sector(i);
    }
    return there[9] == '.' && there[50] == '.' ? found("both") : clean();
  });
  const Reduction reduction =
      value_or_throw(patient.try_reduce(least_state(patient.space()), 5));
  CHECK(reduction.runs <= 5);
  CHECK_FALSE(reduction.minimal);
  CHECK(patient.fails(reduction.failing));
}

// A by the sectors 0 and 1, then B over 0: both pending.
History overwritten() {
  History history(1, 16);
  history.write({0, 2}, 'a');
  history.write({0}, 'b');
  return history;
}

TEST_CASE("a write of which another pending one hides a part is named",
          "[replay][reduction]") {
  CrashModel model;
  model.atomic_bytes = 512;
  // Sound only if both sectors are empty; so "all landed" fails too.
  Patient patient(
      overwritten(),
      [](FootprintReader& reader) {
        return reader.sector(0) == '.' && reader.sector(1) == '.' ? clean()
                                                                  : found("there");
      },
      model);
  CrashState state = least_state(patient.space());
  state.options[0] = 1;  // base, a, b
  REQUIRE(patient.space()->option_count(0) == 3);
  Reduction reduction = patient.reduce(state);
  CHECK(reduction.against == Against::kNoneLanded);
  CHECK(patient.named(reduction) == Named{{Kind::kLanded, 0}});
  CHECK(reduction.writes[0].units.size() == 2);
  reduction = patient.reduce(most_state(patient.space()));
  CHECK(reduction.against == Against::kNoneLanded);
  CHECK(reduction.writes.size() == 1);
  CHECK(patient.fails(reduction.failing));
}

TEST_CASE("a unit with sectors of several writes is about the one that is missing",
          "[replay][reduction]") {
  CrashModel model;
  model.atomic_bytes = 4096;
  History history(1, 16);
  history.write({0}, 'a');
  history.write({1}, 'b');
  history.write({8, 8}, 'c');
  Patient patient(
      history,
      [](FootprintReader& reader) {
        return reader.sector(0) != '.' && reader.sector(1) == '.' ? found("no b")
                                                                  : clean();
      },
      model);
  // Nothing, a, b, a and b.
  REQUIRE(patient.space()->option_count(0) == 4);
  CrashState state = least_state(patient.space());
  while (!patient.fails(state)) {
    ++state.options[0];
    REQUIRE(state.options[0] < 4);
  }
  const Reduction reduction = patient.reduce(state);
  REQUIRE(patient.fails(reduction.failing));
  REQUIRE(reduction.writes.size() == 1);
  CHECK(reduction.against == Against::kAllLanded);
  CHECK(reduction.writes[0].units == std::vector<UnitKey>{make_unit(0, 0)});
  CHECK(patient.named(reduction) == Named{{Kind::kLost, 1}});
}

TEST_CASE("garbage in a unit is blamed on the write that should be there",
          "[replay][reduction]") {
  CrashModel model;
  model.atomic_bytes = 512;
  model.fault.kind = FaultModel::Kind::kCorrupt;
  Patient patient(
      overwritten(),
      [](FootprintReader& reader) {
        const char letter = reader.sector(1);
        return letter == '.' || letter == 'a' ? clean() : found("garbage");
      },
      model);
  Random random(3);
  CrashState state = least_state(patient.space());
  for (Variable v = 0; v < patient.space()->variable_count(); ++v) {
    if (patient.space()->unit_of(v) == make_unit(0, 1)) {
      state.options[v] = patient.space()->option_count(v) - 1;
    }
  }
  REQUIRE(patient.fails(state));
  for (const bool all : {true, false}) {
    CrashState from = state;
    if (all) {
      from.options[0] = patient.space()->most(0);
    }
    const Reduction reduction = patient.reduce(from);
    CHECK(patient.named(reduction) == Named{{Kind::kGarbage, 0}});
    CHECK(reduction.writes[0].units == std::vector<UnitKey>{make_unit(0, 1)});
  }
}

TEST_CASE("what could not be judged is not said to fail", "[replay][reduction]") {
  // All and nothing kill the checker.
  Patient patient(independent_writes(4), [](FootprintReader& reader) {
    int there = 0;
    for (std::uint64_t i = 0; i < 4; ++i) {
      there += reader.sector(i) != '.' ? 1 : 0;
    }
    return there == 0 || there == 4  ? inconclusive("killed")
           : reader.sector(2) == '.' ? found("gone")
                                     : clean();
  });
  CrashState state = least_state(patient.space());
  state.options[1] = 1;
  Reduction reduction = patient.reduce(state);
  CHECK(reduction.against == Against::kUnjudged);
  CHECK(reduction.writes.empty());
  CHECK(reduction.failing.options == state.options);
  // Nor is what was not asked.
  Patient first(independent_writes(4), [](FootprintReader& reader) {
    return reader.sector(0) != '.' ? found("there") : clean();
  });
  reduction = value_or_throw(first.try_reduce(most_state(first.space()), 1));
  CHECK(reduction.against == Against::kUnjudged);
  CHECK_FALSE(reduction.minimal);
}

// Overlapping writes of several sectors, units that several of them share, and garbage:
// whatever the checker, what is left fails, and each write is one of the log.
TEST_CASE("reductions of overlapping writes fail, and are about writes",
          "[replay][reduction]") {
  std::size_t explained = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    Random random(seed);
    History history(1, 16);
    for (int i = 0; i < 6; ++i) {
      const std::uint64_t sector = random.below(14);
      const std::uint64_t sectors =
          1 + random.below(std::min<std::uint64_t>(6, 16 - sector));
      history.write({sector, sectors}, static_cast<char>('a' + i));
    }
    CrashModel model;
    model.atomic_bytes = 512U << random.below(4);
    if (random.below(3) == 0) {
      model.fault.kind = FaultModel::Kind::kCorrupt;
    }
    std::map<std::string, bool> bad;
    Patient patient(
        history,
        [&](FootprintReader& reader) {
          std::string all;
          for (std::uint64_t i = 0; i < 16; ++i) {
            all += reader.sector(i);
          }
          const auto [verdict, fresh] = bad.try_emplace(all, false);
          if (fresh) {
            verdict->second = random.below(2) == 0;
          }
          return verdict->second ? found("bad") : clean();
        },
        model);
    const CrashState state = random_state(patient.space(), random);
    INFO("seed " << seed);
    if (!patient.fails(state)) {
      continue;
    }
    const Reduction reduction = patient.reduce(state);
    CHECK(patient.fails(reduction.failing));
    CHECK(reduction.writes.empty() == (reduction.against == Against::kNothing));
    for (const ReducedWrite& write : reduction.writes) {
      CHECK(write.write < 6);
      CHECK_FALSE(write.units.empty());
    }
    explained += reduction.writes.empty() ? 0 : 1;
  }
  CHECK(explained > 100);
}

// Whatever the checker, the reduced state fails, and heals when any one of its writes is
// put right.
TEST_CASE("reductions of arbitrary checkers are minimal", "[replay][reduction]") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    std::vector<std::set<std::uint64_t>> bad(1 + random.below(3));
    for (std::set<std::uint64_t>& set : bad) {
      for (std::uint64_t n = 1 + random.below(4); n > 0; --n) {
        set.insert(random.below(24));
      }
    }
    Patient patient(independent_writes(24), [&](FootprintReader& reader) {
      for (const std::set<std::uint64_t>& set : bad) {
        if (std::ranges::all_of(
                set, [&](std::uint64_t each) { return reader.sector(each) == '.'; })) {
          return found("bad");
        }
      }
      return clean();
    });
    const CrashState least = least_state(patient.space());
    const Reduction reduction = patient.reduce(least);
    INFO("seed " << seed);
    REQUIRE(reduction.against == Against::kAllLanded);
    REQUIRE_FALSE(reduction.writes.empty());
    CHECK(patient.fails(reduction.failing));
    for (Variable v = 0; v < reduction.failing.options.size(); ++v) {
      if (reduction.failing.options[v] != reduction.sound->options[v]) {
        CrashState healed = reduction.failing;
        healed.options[v] = reduction.sound->options[v];
        CHECK_FALSE(patient.fails(healed));
      }
    }
  }
}

}  // namespace
}  // namespace powercut::test
