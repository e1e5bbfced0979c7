// SPDX-License-Identifier: GPL-2.0-only
//
// All states that a power cut at one instant can leave: independent variables, each with
// a few options, whose product is exactly the permitted set.
//
//   whole-write atomicity   a variable a pending write: 0 lost, 1 kept (2 garbage, under
//                           the corrupt fault). Writes that overlap and were in flight
//                           together form one variable whose options are the subsets and
//                           orders in which they can have landed.
//   a unit of N bytes       a variable an ambiguous unit: its versions, oldest first.
//
// A pending write that no state can show (something durable lies over all of it) is no
// variable. Units are resolved when first asked for and then kept.

#pragma once

#include "base/big_count.h"
#include "base/flat_map.h"
#include "base/result.h"
#include "replay/crash_model.h"
#include "replay/option_set.h"
#include "replay/recording.h"
#include "replay/version.h"

#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace powercut {

using Variable = std::uint32_t;

// One variable's options narrowed to a set.
struct Constraint {
  Variable variable = 0;
  OptionSet allowed;
};

// What a unit holds, as a question: one version whatever is chosen, or one that depends
// on variables.
struct UnitQuestion {
  enum class Kind : std::uint8_t {
    kForced,   // always `forced`
    kUnit,     // version option(variable) of `versions`
    kChain,    // the newest of `links` whose variable says kept, else `bottom`
    kCluster,  // StateSpace::version() knows
  };

  struct Link {
    Variable variable;
    Version kept;
  };

  Kind kind = Kind::kForced;
  Version forced;
  Variable variable = 0;
  std::vector<Version> versions;    // kUnit
  std::vector<Link> links;          // kChain, oldest first
  Version bottom;                   // kChain
  std::vector<WriteIndex> writes;   // kCluster: candidates; durable ones among them
  bool base_visible = false;        // kCluster
  std::vector<Variable> variables;  // kCluster: distinct variables of `writes`
};

// Thread-safe: questions are resolved under a lock, everything else is immutable. Keeps
// the recording alive.
class StateSpace {
 public:
  // The permitted states at `cut`. Fails when they cannot be enumerated exactly (more
  // than a few writes in flight together over one place): the hint names --atomic.
  static Result<std::shared_ptr<const StateSpace>> build(
      std::shared_ptr<const Recording> recording,
      std::shared_ptr<const Durability> durability, Cut cut);

  // One state: every write completed before `cut`, in order of completion, but those in
  // `without`.
  static std::shared_ptr<const StateSpace> linear(
      std::shared_ptr<const Recording> recording, Cut cut,
      std::set<WriteIndex> without = {});

  const Recording& recording() const { return *recording_; }

  const CrashModel& model() const { return model_; }

  Cut cut() const { return cut_; }

  std::uint32_t unit_bytes() const { return unit_bytes_; }

  std::size_t variable_count() const { return option_counts_.size(); }

  std::uint32_t option_count(Variable variable) const { return option_counts_[variable]; }

  const BigCount& state_count() const { return state_count_; }

  // What variable v is about: the write of a single-write variable, the first write of a
  // cluster, kNoWrite for a unit.
  WriteIndex write_of(Variable variable) const { return subjects_[variable].write; }

  UnitKey unit_of(Variable variable) const { return subjects_[variable].unit; }

  bool is_cluster(Variable variable) const {
    return subjects_[variable].cluster != kNone;
  }

  // The writes of a cluster's option, in the order they landed.
  std::span<const WriteIndex> cluster_option(Variable variable,
                                             std::uint32_t option) const;

  // Option of "as much as possible is on the medium" and of "as little as possible".
  std::uint32_t most(Variable variable) const;

  std::uint32_t least(Variable /*variable*/) const { return 0; }

  // What is known of a unit: its version, or the question that decides it. The pointer
  // lasts as long as the space, or until trim().
  struct Look {
    Version version;  // if question is null
    const UnitQuestion* question = nullptr;
  };

  Look look(UnitKey unit) const;

  // The version of a unit under a full choice of options.
  Version version(const UnitQuestion& question,
                  std::span<const std::uint32_t> options) const;
  Version version_at(UnitKey unit, std::span<const std::uint32_t> options) const;

  // Copies out what a version of a unit holds; out.size() <= unit_bytes() - skip_bytes.
  void read_version(UnitKey unit, const Version& version, std::uint32_t skip_bytes,
                    std::span<std::byte> out) const;

  // Writers of the 512-byte sectors of a kMixed version; kNoWrite is the base.
  std::span<const WriteIndex> mixed(std::uint32_t ref) const { return mixed_[ref]; }

  // Forgets resolved units (not the variables), to bound memory. No question reference
  // may be in use.
  void trim() const;

 private:
  friend class StateSpaceBuilder;

  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  struct Subject {
    WriteIndex write = kNoWrite;
    UnitKey unit = 0;
    std::uint32_t cluster = kNone;
  };

  struct Cluster {
    std::vector<WriteIndex> members;
    std::vector<std::vector<WriteIndex>> options;
  };

  // A write that some state can show at a unit.
  struct Candidate {
    WriteIndex write;
    bool durable;
    bool whole;  // covers the unit wholly
  };

  struct Candidates {
    std::vector<Candidate> list;  // oldest submission first
    bool base_visible = true;
  };

  StateSpace(std::shared_ptr<const Recording> recording, Cut cut);

  UnitQuestion resolve(UnitKey unit) const;
  UnitQuestion resolve_linear(UnitKey unit) const;
  Candidates candidates(UnitKey unit) const;
  Candidates candidates_by_sector(UnitKey unit) const;
  bool in_cluster_before(WriteIndex a, WriteIndex b,
                         std::span<const std::uint32_t> options) const;
  bool covers(const Write& write, UnitKey unit) const;

  std::shared_ptr<const Recording> recording_;
  std::shared_ptr<const Durability> durability_;  // null: linear
  CrashModel model_;
  Cut cut_;
  WriteIndex submitted_;  // writes before this index were submitted before the cut
  std::uint32_t unit_bytes_;
  std::vector<std::uint32_t> option_counts_;
  std::vector<Subject> subjects_;
  std::vector<Cluster> clusters_;
  std::unordered_map<WriteIndex, Variable> variable_of_write_;
  std::unordered_map<UnitKey, Variable> variable_of_unit_;
  std::vector<std::vector<Version>> unit_versions_;  // by variable, unit atomicity
  std::vector<std::vector<WriteIndex>> mixed_;
  std::set<WriteIndex> without_;  // linear only
  BigCount state_count_ = 1;

  // Resolved units. Most are forced and need no more than a version.
  struct Slot {
    bool forced = true;
    Version version;
    std::uint32_t question = 0;
  };

  mutable std::mutex mutex_;
  mutable FlatMap<Slot> slots_;
  mutable std::vector<std::unique_ptr<UnitQuestion>> questions_;
};

}  // namespace powercut
