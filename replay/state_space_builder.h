// SPDX-License-Identifier: GPL-2.0-only
//
// Finds the variables of a StateSpace. Internal to replay/.

#pragma once

#include "replay/state_space.h"

#include <map>
#include <set>
#include <utility>
#include <vector>

namespace powercut {

// Used once: construct, run(), drop.
class StateSpaceBuilder {
 public:
  explicit StateSpaceBuilder(StateSpace& space) : space_(space) {}

  Status run();

 private:
  using Candidate = StateSpace::Candidate;
  using Edge = std::pair<WriteIndex, WriteIndex>;

  Status add_write_variables(const std::vector<WriteIndex>& pending);
  Status add_unit_variables(const std::vector<WriteIndex>& pending);
  // Pairs of concurrent overlapping writes that meet in view at some unit.
  std::vector<Edge> visible_conflicts() const;
  bool meet(WriteIndex a, WriteIndex b) const;
  bool visible(WriteIndex write) const;
  Status add_cluster(const std::vector<WriteIndex>& members,
                     const std::vector<Edge>& edges);
  Status add_unit(UnitKey unit);
  Result<std::vector<Version>> unit_versions(UnitKey unit);
  Result<std::vector<Version>> mixed_versions(UnitKey unit,
                                              const StateSpace::Candidates& found);
  void add_variable(StateSpace::Subject subject, std::uint32_t options);
  std::uint64_t first_unit(const Write& write) const;
  std::uint64_t end_unit(const Write& write) const;

  StateSpace& space_;
  std::map<std::vector<WriteIndex>, std::uint32_t> mixed_ids_;
};

}  // namespace powercut
