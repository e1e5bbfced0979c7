// SPDX-License-Identifier: GPL-2.0-only
//
// Reduces a failing crash state to a smallest set of writes that explain it, against the
// nearest state that does not fail: delta debugging (Zeller and Hildebrandt, "Simplifying
// and Isolating Failure-Inducing Input", 2002: ddmin) over what the state lost.
//
// Two states at the same cut are tried as the sound neighbour: the one in which all that
// was pending landed (what had to be lost for it to fail?), and the one in which nothing
// of it did (what must have landed?). The shorter answer is taken, of equal ones the
// first. "Smallest" is 1-minimal: without any one of its writes the finding goes; there
// may be another set, with fewer, elsewhere.
//
// A write of several units is taken as a whole first; where only its being torn explains
// the finding, it is reduced to the units that have to be missing.

#pragma once

#include "base/result.h"
#include "replay/crash_state.h"
#include "replay/verdict.h"
#include "replay/write.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace powercut {

// What a state is said to be, by checker and oracle together.
struct Judged {
  Verdict verdict;
  bool ran = false;  // false: known without a run
};

struct ReductionOptions {
  // May be called often; an Error ends the reduction.
  std::function<Result<Judged>(const CrashState&)> ask;
  // Keys of which one must be among the findings of a state for it to fail in the same
  // way; empty: those that `ask` tells of the failing state.
  std::vector<std::string> keys;
  std::uint64_t max_runs = 400;
};

// One guilty write.
struct ReducedWrite {
  enum class Kind : std::uint8_t {
    kLost,     // it did not reach the medium, all the rest did
    kTorn,     // some of it did not
    kLanded,   // it did reach the medium, and the rest did not
    kPartly,   // some of it did
    kGarbage,  // it left garbage (the fault `corrupt`)
    kOrder,    // writes in flight together landed in this order, or not all of them
  };
  Kind kind = Kind::kLost;
  WriteIndex write = kNoWrite;
  // kTorn, kPartly: the units concerned.
  std::vector<UnitKey> units;
};

// "lost", "torn", "landed", "partly-landed", "garbage", "order".
std::string to_string(ReducedWrite::Kind kind);

struct Reduction {
  enum class Against : std::uint8_t {
    kAllLanded,   // the sound neighbour is the state that lost nothing
    kNoneLanded,  // ... that lost everything pending
    kNothing,     // both fail too: no choice of what was pending is to blame
    kUnjudged,    // one of them could not be judged, or not within max_runs, and the
                  // other is not sound: nothing was reduced
  };
  Against against = Against::kNothing;
  CrashState failing;               // reduced; kNothing: as little as possible is lost
  Verdict verdict;                  // of it
  std::optional<CrashState> sound;  // the neighbour
  Verdict sound_verdict;
  std::vector<ReducedWrite> writes;  // in the order of the log
  bool minimal = true;               // false: max_runs ended it first
  std::uint64_t asked = 0;
  std::uint64_t runs = 0;  // of these, those that were no known answer
};

// An Error (kUsage): the state does not fail; kBadInput: it cannot be judged.
Result<Reduction> reduce(const CrashState& state, const ReductionOptions& options);

}  // namespace powercut
