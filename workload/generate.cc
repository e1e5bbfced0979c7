// SPDX-License-Identifier: GPL-2.0-only

#include "workload/generate.h"

#include "base/ensure.h"
#include "workload/dependencies.h"

#include <fmt/format.h>

namespace powercut {

namespace {

constexpr unsigned kLongest = 4;
// Siblings are synced up to this length, and operations need not be related.
constexpr unsigned kWideLength = 2;

NameMask bit(NameIndex name) {
  return NameMask{1} << name;
}

}  // namespace

WorkloadSequence::WorkloadSequence(const GenerateOptions& options,
                                   std::vector<CoreOperation> operations)
    : options_(options), names_(options.nested), operations_(std::move(operations)) {}

Result<WorkloadSequence> WorkloadSequence::make(const GenerateOptions& options) {
  if (options.length == 0 || options.length > kLongest) {
    return fail(ErrorKind::kUsage,
                fmt::format("workloads of {} core operations", options.length),
                fmt::format("1 to {}; longer ones are random", kLongest));
  }
  PC_ASSIGN_OR_RETURN(
      std::vector<CoreOperation> operations,
      core_operations(NameSet(options.nested), options.only, options.without));
  WorkloadSequence sequence(options, std::move(operations));
  sequence.count_ = sequence.count_from(State{}, sequence.counts_);
  GenerateOptions all = options;
  all.keep_duplicates = true;
  const WorkloadSequence with_duplicates(all, sequence.operations_);
  Counts counts;
  sequence.count_with_duplicates_ = with_duplicates.count_from(State{}, counts);
  return sequence;
}

// The swaps act freely on what was mentioned, so just one of the images of a workload
// mentions foo and A first.
bool WorkloadSequence::mention(State& state, NameIndex name) const {
  const int leaf = names_.leaf(name);
  const int top = names_.top(name);
  if (!options_.keep_duplicates &&
      ((leaf == 1 && !state.leaf_seen) || (top == 1 && !state.top_seen))) {
    return false;
  }
  state.leaf_seen = state.leaf_seen || leaf >= 0;
  state.top_seen = state.top_seen || top >= 0;
  return true;
}

std::optional<WorkloadSequence::State> WorkloadSequence::after(
    const State& state, const CoreOperation& operation) const {
  const NameMask names = bit(operation.name) | bit(operation.name2);
  if (options_.length > kWideLength && state.depth > 0 &&
      (names & state.mentioned) == 0) {
    return std::nullopt;
  }
  State next = state;
  if (!mention(next, operation.name) || !mention(next, operation.name2)) {
    return std::nullopt;
  }
  next.mentioned |= names;
  return next;
}

std::optional<WorkloadSequence::State> WorkloadSequence::after(
    const State& state, const Persistence& persistence) const {
  State next = state;
  if (persistence.kind == PersistKind::kFsync && !mention(next, persistence.name)) {
    return std::nullopt;
  }
  ++next.depth;
  return next;
}

std::vector<Persistence> WorkloadSequence::persistences(
    const State& state, const CoreOperation& operation) const {
  std::vector<Persistence> all;
  if (state.depth + 1 < options_.length) {
    all.push_back({PersistKind::kNone, 0});
  }
  all.push_back({PersistKind::kSync, 0});
  NameMask synced = state.mentioned;
  for (NameIndex name = 0; name < names_.root(); ++name) {
    if ((state.mentioned & bit(name)) != 0) {
      synced |= bit(names_.parent(name));
      synced |= options_.length <= kWideLength ? bit(names_.sibling(name)) : 0;
    }
  }
  for (NameIndex name = 0; name <= names_.root(); ++name) {
    if ((synced & bit(name)) != 0) {
      all.push_back({PersistKind::kFsync, name});
    }
  }
  if (changes_data(operation.kind)) {
    all.push_back({PersistKind::kFdatasync, operation.name});
  }
  if (operation.kind == CoreKind::kMmapWrite) {
    all.push_back({PersistKind::kMsync, operation.name});
  }
  return all;
}

std::uint64_t WorkloadSequence::count_from(const State& state, Counts& counts) const {
  if (state.depth == options_.length) {
    return 1;
  }
  const std::uint64_t key = state.depth | (state.leaf_seen ? 8U : 0U) |
                            (state.top_seen ? 16U : 0U) |
                            (std::uint64_t{state.mentioned} << 8);
  auto known = counts.find(key);
  if (known != counts.end()) {
    return known->second;
  }
  std::uint64_t count = 0;
  for (const CoreOperation& operation : operations_) {
    const std::optional<State> done = after(state, operation);
    if (!done) {
      continue;
    }
    for (const Persistence& persistence : persistences(*done, operation)) {
      const std::optional<State> next = after(*done, persistence);
      count += next ? count_from(*next, counts) : 0;
    }
  }
  counts[key] = count;
  return count;
}

std::vector<CoreStep> WorkloadSequence::steps_at(std::uint64_t index) const {
  PC_ENSURE(index < count_, "a workload of that number");
  std::vector<CoreStep> steps;
  State state;
  // Passes over what comes before; true if the one of that number goes on from `next`.
  auto goes_on = [&](const std::optional<State>& next) {
    const std::uint64_t count = next ? count_from(*next, counts_) : 0;
    if (index < count) {
      return true;
    }
    index -= count;
    return false;
  };
  while (state.depth < options_.length) {
    const unsigned depth = state.depth;
    for (std::size_t i = 0; state.depth == depth; ++i) {
      PC_ENSURE(i < operations_.size(), "the counts add up");
      const std::optional<State> done = after(state, operations_[i]);
      if (!done) {
        continue;
      }
      for (const Persistence& persistence : persistences(*done, operations_[i])) {
        const std::optional<State> next = after(*done, persistence);
        if (goes_on(next)) {
          steps.push_back({operations_[i], persistence});
          state = *next;
          break;
        }
      }
    }
  }
  return steps;
}

Workload WorkloadSequence::at(std::uint64_t index) const {
  return build_workload(names_, steps_at(index));
}

std::optional<Workload> WorkloadSequence::next() {
  if (next_ >= count_) {
    return std::nullopt;
  }
  return at(next_++);
}

}  // namespace powercut
