// SPDX-License-Identifier: GPL-2.0-only

#include "cli/state_sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace powercut {

// What is as always is not told.
std::string name_of(const NamedState& state) {
  const CrashModel usual;
  std::string name = state.id;
  if (state.model.device != usual.device) {
    name += "@" + to_string(state.model.device);
  }
  if (state.model.fault.kind != usual.fault.kind) {
    name += "@" + to_string(state.model.fault);
  }
  if (state.model.discard != usual.discard) {
    name += "@discard-" + to_string(state.model.discard);
  }
  return name;
}

Result<std::shared_ptr<const TrimmedSpace>> StateSources::space_of(
    const CrashModel& model, Cut cut) {
  const std::string name =
      name_of(NamedState{fmt::format("c{}.{}", cut, model.atomic_bytes), model});
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto known = std::ranges::find(spaces_, name, &Space::name);
    if (known != spaces_.end()) {
      spaces_.splice(spaces_.begin(), spaces_, known);
      return known->space;
    }
  }
  PC_ASSIGN_OR_RETURN(Durability durability,
                      Durability::build(recording_->timeline(), model));
  PC_ASSIGN_OR_RETURN(
      const std::shared_ptr<const StateSpace> space,
      StateSpace::build(recording_,
                        std::make_shared<const Durability>(std::move(durability)), cut));
  const auto made = std::make_shared<const TrimmedSpace>(space);
  const std::lock_guard<std::mutex> lock(mutex_);
  spaces_.push_front(Space{name, made});
  if (spaces_.size() > kMostSpaces) {
    spaces_.pop_back();
  }
  return made;
}

Result<std::shared_ptr<const BlockSource>> StateSources::open(const NamedState& named,
                                                              std::uint16_t device) {
  PC_ASSIGN_OR_RETURN(const StateIdHead head,
                      parse_state_head(named.id, recording_->timeline().end()));
  CrashModel model = named.model;
  model.atomic_bytes = head.atomic_bytes;
  PC_ASSIGN_OR_RETURN(const std::shared_ptr<const TrimmedSpace> space,
                      space_of(model, head.cut));
  PC_ASSIGN_OR_RETURN(CrashState state, space->state(named.id));
  return std::make_shared<const TrimmedView>(space, std::move(state.options), device);
}

std::shared_ptr<const BlockSource> StateSources::open(Cut cut,
                                                      std::uint16_t device) const {
  return std::make_shared<const TrimmedView>(
      std::make_shared<const TrimmedSpace>(StateSpace::linear(recording_, cut)),
      std::vector<std::uint32_t>{}, device);
}

}  // namespace powercut
