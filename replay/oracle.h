// SPDX-License-Identifier: GPL-2.0-only
//
// What the data of a state must look like, given what had been promised before the power
// went: the part of a verdict that depends on the instant of the cut and not on the state
// alone. Checkers say what they saw (Observation), once for each class of states; an
// oracle judges that for every stage in which the class occurs, without another run.

#pragma once

#include "base/observation.h"
#include "base/result.h"
#include "replay/timeline.h"
#include "replay/verdict.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace powercut {

// Immutable; may be asked from several threads.
class Oracle {
 public:
  virtual ~Oracle() = default;

  // "promises of ext4"; part of what a run is about.
  virtual std::string name() const = 0;

  // Positions of the marks at which what must hold changes, ascending. Stage n is that of
  // the cuts after n of them: a mark at position p has happened at the cuts after p.
  virtual const std::vector<EventPos>& boundaries() const = 0;

  // What is wrong with what was seen of a state at a cut of this stage: by the base, and
  // then by a further probe on top of it, for which only what it adds is judged (null:
  // the base itself).
  // `base` is not null; an oracle may keep it for the probes that follow.
  virtual std::vector<Finding> judge(std::size_t stage,
                                     const std::shared_ptr<const Observation>& base,
                                     const Observation* probe) const = 0;
};

// How many of the boundaries are before the cut.
std::size_t stage_at(const std::vector<EventPos>& boundaries, Cut cut);

// The verdict of a probe together with what the oracle says of it. `base` and `probe` are
// verdicts of one run; `probe` is null for the base itself. A verdict that is
// inconclusive stays so; with findings that left nothing to observe, so do they. An Error
// (kUsage): the checker found nothing and tells nothing of what it saw, so nothing would
// be judged.
Result<Verdict> judge_stage(const Oracle& oracle, std::size_t stage, const Verdict& base,
                            const Verdict* probe);

}  // namespace powercut
