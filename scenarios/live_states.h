// SPDX-License-Identifier: GPL-2.0-only
//
// Power failures of a running stack: where the target switched the power off, what the
// script saw on the devices afterwards, and whether the log gives the same.
//
// Of a recording these are marks: "powerfail" (the target's) is the cut; "seen DIGEST"
// behind it says what the script saw when the power was back (`powercut mark --seen`,
// base/seen_digest.h), "model kept" or "model broken" what the program's own model said.

#pragma once

#include "base/result.h"
#include "replay/certificate.h"
#include "replay/crash_model.h"
#include "replay/decided_window.h"
#include "replay/oracle.h"
#include "replay/recording.h"
#include "replay/state_runner.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace powercut {

struct LiveFailure {
  Cut cut = 0;                    // right behind the mark
  std::string seen;               // empty: nobody looked
  std::optional<bool> kept = {};  // the program's own model; none: it did not say
};

// From `from` on. An Error (kBadInput): there is none.
Result<std::vector<LiveFailure>> list_live_failures(const Timeline& timeline, Cut from);

// A window for each failure, numbered from 0.
std::vector<Window> live_windows(const std::vector<LiveFailure>& failures,
                                 const Oracle* oracle);

// Judges, of each failure, the one state that a live power failure leaves: all that was
// pending is lost; each is a window of its own (live_windows()), and told to `on_window`.
// Beside what checker and oracle (which may be null) find, it is a
// finding that a script saw something else on the live device than the checker in that
// state, or that the program's model disagrees with the oracle. Inconclusive: a failure
// at which nothing was seen.
Result<Certificate> decide_live(const std::shared_ptr<const Recording>& recording,
                                const std::shared_ptr<const Durability>& durability,
                                const std::vector<LiveFailure>& failures,
                                StateRunner& runner, const Oracle* oracle,
                                const std::function<bool()>& interrupted,
                                const OnDecidedWindow& on_window = {});

}  // namespace powercut
