// SPDX-License-Identifier: GPL-2.0-only
//
// Workloads made by rule: all sequences of a few core operations on a few names, each
// with a persistence operation behind it; and long random ones. Every operation of a
// generated workload succeeds on a POSIX file system (where a file system has no
// fallocate, O_DIRECT or attributes: see `without`).
//
// Of workloads that become each other by swapping foo with bar everywhere, or A with B,
// one is made: the one that mentions foo before bar and A before B.

#pragma once

#include "base/result.h"
#include "workload/core_operations.h"
#include "workload/operation.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace powercut {

struct GenerateOptions {
  unsigned length = 1;  // core operations, 1 to 4
  bool nested = false;  // with A/C and B/C
  // Words of core_operation_words(): these only (empty: all), and not these.
  std::vector<std::string> only;
  std::vector<std::string> without;
  bool keep_duplicates = false;  // symmetric ones too
};

// A sequence of numbered workloads, made one at a time: the n-th is found by counting,
// without making those before. Numbers are stable for equal options.
//
// Behind each core operation but the last there may be no persistence operation. Else it
// is: sync; fsync of a name mentioned by an operation so far, of its directory, and, for
// lengths 1 and 2, of its sibling; fdatasync of the file whose data the operation
// changed; msync of what it mapped. From length 3 on each operation shares a name with
// one before it.
class WorkloadSequence {
 public:
  // An Error (kUsage): a length that is none, an unknown word.
  static Result<WorkloadSequence> make(const GenerateOptions& options);

  std::uint64_t count() const { return count_; }

  // Before the symmetric ones were left out.
  std::uint64_t count_with_duplicates() const { return count_with_duplicates_; }

  // index < count()
  Workload at(std::uint64_t index) const;
  std::vector<CoreStep> steps_at(std::uint64_t index) const;

  // From `first` on, or from the begin.
  void seek(std::uint64_t first) { next_ = first; }

  std::optional<Workload> next();

 private:
  // What the rest of a workload depends on.
  struct State {
    unsigned depth = 0;
    NameMask mentioned = 0;  // by operations
    bool leaf_seen = false;  // foo or bar was mentioned
    bool top_seen = false;   // A or B was
  };

  // How many workloads go on from a state; by the packed state.
  using Counts = std::unordered_map<std::uint64_t, std::uint64_t>;

  WorkloadSequence(const GenerateOptions& options, std::vector<CoreOperation> operations);

  // The state behind; nothing if the canonical form or the bounds forbid it.
  std::optional<State> after(const State& state, const CoreOperation& operation) const;
  std::optional<State> after(const State& state, const Persistence& persistence) const;
  bool mention(State& state, NameIndex name) const;
  std::vector<Persistence> persistences(const State& state,
                                        const CoreOperation& operation) const;
  std::uint64_t count_from(const State& state, Counts& counts) const;

  GenerateOptions options_;
  NameSet names_;
  std::vector<CoreOperation> operations_;
  mutable Counts counts_;  // a memory; what count_from() says does not change
  std::uint64_t count_ = 0;
  std::uint64_t count_with_duplicates_ = 0;
  std::uint64_t next_ = 0;
};

// A valid workload of `operations` operations on more names, with handles of which some
// are synchronous, append or direct, with renames that exchange, unlinked open files,
// and fsyncs now and then. Same seed and options, same workload. `options`: its words,
// where dwrite and mmapwrite stand for their kinds of writing.
Result<Workload> random_workload(const GenerateOptions& options, std::uint64_t seed,
                                 std::size_t operations);

}  // namespace powercut
