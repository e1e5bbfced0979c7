// SPDX-License-Identifier: GPL-2.0-only
//
// Has crash states judged: serves each on a worker's own disks and runs the checker on
// them. The joint between the pure engine, the served disks, the checkers and the kernels
// that mount.

#pragma once

#include "base/result.h"
#include "checkers/checker.h"
#include "device/disk_server.h"
#include "device/run_dir.h"
#include "device/served_disk.h"
#include "replay/state_runner.h"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace powercut {

struct JudgeOptions {
  // What mounts the disks of a worker; its disks are files. `forget_reads` is for a
  // kernel that looks at the disks when it comes up: that is no reading of a checker's.
  using MakeMounter = std::function<Result<std::unique_ptr<Mounter>>(
      const std::vector<std::filesystem::path>& disks,
      std::function<void()> forget_reads)>;

  std::size_t jobs = 1;
  std::uint32_t unit_bytes = 512;  // of footprints
  MakeMounter make_mounter;        // null: nothing can be mounted
  // Workers stay on a processor each: faster unless something else does the work, as a
  // guest does.
  bool pinned = true;
};

// run() may be called from `jobs` threads, each with its own worker number. The run
// directory must outlive the judge.
class Judge : public StateRunner {
 public:
  static Result<std::unique_ptr<Judge>> start(const Recording& recording,
                                              std::unique_ptr<Checker> checker,
                                              const RunDir& run_dir,
                                              const JudgeOptions& options);

  // Runs the checker on a state that had no crash. What it complains of there, by its
  // base or a further probe, is subtracted from all later verdicts; the verdict that is
  // returned has all of it. An inconclusive verdict, or one that leaves the checker
  // nothing to find, is for the caller to refuse.
  Result<Verdict> take_baseline(const CrashState& pristine);

  std::string checker_name() const override { return checker_->name(); }

  Result<RunOutcome> run(std::size_t worker, const CrashState& state) override;

  // The same; what the run writes goes to `recorder` (one device), as recovery.
  Result<RunOutcome> run_recorded(std::size_t worker, const CrashState& state,
                                  EventSink& recorder);

  // Has another checker look at a state (Checker::cross_checker()).
  Result<RunOutcome> run_other(const Checker& checker, std::size_t worker,
                               const CrashState& state);

  // Of the footprints from here on; no run may be under way.
  void set_unit_bytes(std::uint32_t unit_bytes);

  std::uint32_t unit_bytes() const { return unit_bytes_; }

  const Checker& checker() const { return *checker_; }

  std::size_t jobs() const { return benches_.size(); }

 private:
  // A worker's disks and the server that shows them. The server has one thread, on the
  // processor on which the worker and its checker run: a read of the checker is then
  // answered without waking another processor, which costs more than the read.
  struct Bench {
    std::vector<std::unique_ptr<ServedDisk>> disks;
    Subject subject;
    std::unique_ptr<DiskServer> server;
    std::unique_ptr<Mounter> mounter;  // last: goes first
  };

  explicit Judge(std::unique_ptr<Checker> checker) : checker_(std::move(checker)) {}

  ProbeOutcome outcome_of(const Bench& bench, std::size_t index,
                          Judgement::Probe probe) const;
  void refuse_vacuous(RunOutcome& outcome) const;
  void subtract_baseline(Verdict& verdict) const;

  std::unique_ptr<Checker> checker_;
  Status add_bench(const Recording& recording, const RunDir& run_dir,
                   const JudgeOptions& options);

  Result<RunOutcome> run_on(Bench& bench, const Checker& checker,
                            const CrashState& state);

  bool pinned_ = true;
  std::uint32_t unit_bytes_ = 512;
  std::vector<std::unique_ptr<Bench>> benches_;  // by worker
  std::set<std::string> baseline_;
};

}  // namespace powercut
