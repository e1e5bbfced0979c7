// SPDX-License-Identifier: GPL-2.0-only
//
// Where the shell is in a recording, and the state that is put together there. Pure: no
// terminal, no disks.
//
// To move costs some binary searches. The states of a place are built when the first
// question about one is asked, and forgotten when the place is left.

#pragma once

#include "replay/recording.h"
#include "replay/state_draft.h"
#include "replay/steps.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace powercut {

class ShellSession {
 public:
  // Begins at the end of the log. Throws Failure: a fault that the log does not have.
  ShellSession(std::shared_ptr<const Recording> recording, const CrashModel& model);

  const std::shared_ptr<const Recording>& recording() const { return recording_; }

  const Timeline& timeline() const { return recording_->timeline(); }

  const Steps& steps() const { return steps_; }

  const CrashModel& model() const { return model_; }

  const Durability& durability() const { return *durability_; }

  Cut cut() const { return cut_; }

  void go_to(Cut cut);
  // Its atomic unit is that of the session from here on. Throws Failure.
  void go_to_state(const std::string& id);

  // The cut of a place as one word ("flush:12", "c1043.w.all", the name of a mark) or as
  // two ("flush 12", "mark X").
  Result<Cut> find(const std::vector<std::string>& words, std::size_t first = 0) const;

  // "." is the state here; an id; or a place, with all that is pending there kept. Throws
  // Failure.
  CrashState state_named(const std::string& text);

  // Those of this place, ascending; listed when first asked for.
  const std::vector<WriteIndex>& pending() const;

  // How many writes were submitted before a place, and how many of them are durable
  // there and pending there. By binary search.
  std::size_t submitted_at(Cut cut) const;
  std::size_t durable_at(Cut cut) const;
  std::size_t pending_at(Cut cut) const;

  // The cuts of the window that this place lies in, first and last.
  std::pair<Cut, Cut> window() const;

  // The state here. Throws Failure where states cannot be enumerated.
  StateDraft& draft();

  // Nothing was asked of the states here yet.
  bool untouched() const { return !draft_; }

  const CrashState& state() { return draft().state(); }

  // "flush 12 (cut 1043, 3 pending)"; of a state that lost something: "..., 2 lost)".
  std::string place() const;

 private:
  std::shared_ptr<const StateSpace> space_at(Cut cut, std::uint32_t atomic_bytes);
  CrashState state_with_id(const std::string& id);

  std::shared_ptr<const Recording> recording_;
  CrashModel model_;
  Steps steps_;
  std::shared_ptr<const Durability> durability_;
  std::vector<EventPos> durable_from_;  // of each write that gets durable; sorted
  std::vector<WriteIndex> ignored_;
  Cut cut_ = 0;
  mutable std::optional<std::vector<WriteIndex>> pending_;
  std::optional<StateDraft> draft_;
};

// Looks like the id of a state.
bool is_state_id(const std::string& text);

}  // namespace powercut
