// SPDX-License-Identifier: GPL-2.0-only
//
// Has crash states judged: serves each on a worker's own disks and runs the checker on
// them. The joint between the pure engine, the served disks and the checkers.

#pragma once

#include "base/result.h"
#include "checkers/checker.h"
#include "device/disk_server.h"
#include "device/run_dir.h"
#include "device/served_disk.h"
#include "replay/state_runner.h"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace powercut {

struct JudgeOptions {
  std::size_t jobs = 1;
  std::uint32_t unit_bytes = 512;  // of footprints
};

// run() may be called from `jobs` threads, each with its own worker number. The run
// directory must outlive the judge.
class Judge : public StateRunner {
 public:
  static Result<std::unique_ptr<Judge>> start(const Recording& recording,
                                              std::unique_ptr<Checker> checker,
                                              const RunDir& run_dir,
                                              const JudgeOptions& options);

  // Runs the checker on a state that had no crash. What it complains of there is
  // subtracted from all later verdicts; the verdict is returned as it was. An
  // inconclusive verdict, or one that leaves the checker nothing to find, is for the
  // caller to refuse.
  Result<Verdict> take_baseline(const CrashState& pristine);

  std::string checker_name() const override { return checker_->name(); }

  std::size_t probe_count() const override { return probes_.size(); }

  std::string probe_name(std::size_t probe) const override { return probes_[probe]; }

  Result<RunOutcome> run(std::size_t worker, const CrashState& state) override;

 private:
  // A worker's disks and the server that shows them. The server has one thread, on the
  // processor on which the worker and its checker run: a read of the checker is then
  // answered without waking another processor, which costs more than the read.
  struct Bench {
    std::vector<std::unique_ptr<ServedDisk>> disks;
    Subject subject;
    std::unique_ptr<DiskServer> server;  // last: goes first
  };

  explicit Judge(std::unique_ptr<Checker> checker)
      : checker_(std::move(checker)), probes_(checker_->probes()) {}

  void subtract_baseline(Verdict& verdict) const;

  std::unique_ptr<Checker> checker_;
  std::vector<std::string> probes_;
  Status add_bench(const Recording& recording, const RunDir& run_dir,
                   const JudgeOptions& options);

  std::vector<std::unique_ptr<Bench>> benches_;  // by worker
  std::set<std::string> baseline_;
};

}  // namespace powercut
