// SPDX-License-Identifier: GPL-2.0-only
//
// Runs scenarios: the disk, the recording, the oracle, the exploration, and what was
// expected of it. Keeps what many scenarios share: base images, the recorder and its
// guest, judges and theirs.

#pragma once

#include "base/result.h"
#include "device/guest/guest.h"
#include "device/run_dir.h"
#include "replay/certificate.h"
#include "replay/inference.h"
#include "scenarios/base_image.h"
#include "scenarios/judge.h"
#include "scenarios/nested.h"
#include "scenarios/workload_recorder.h"
#include "workload/scenario.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace powercut {

// Thread-safe. The names that were given away, from the first run to the last.
class KeptNames {
 public:
  // `name`, or if that is taken "name-2" and so on.
  std::string take(const std::string& name);

 private:
  std::mutex mutex_;
  std::set<std::string> taken_;  // mutex_
};

struct ScenarioRunOptions {
  std::size_t jobs = 1;    // checkers at a time
  bool to_the_end = true;  // false: only up to the mark operations-done
  // Cuts before the mark "prepared" too, which ends what a workload needs to begin with.
  bool preparations = false;
  std::uint64_t max_runs = 0;  // of the checker, a scenario; 0: no bound
  double time_seconds = 0;     // the same
  double stack_seconds = 0;    // the same, of a stack of disks
  std::uint64_t seed = 1;
  InferenceOptions inference;                // of checkers whose states are not proved
  std::chrono::milliseconds timeout{60000};  // of a checker run, and of a workload
  std::chrono::milliseconds stack_timeout{240000};  // the same, of a stack of disks
  std::string file_system;  // instead of the scenario's; empty: that
  // Logs and images of scenarios that end otherwise than expected go here; empty: to
  // nowhere.
  std::filesystem::path keep;
  bool keep_all = false;
  // By which names those are kept: two that end at once do not take the same.
  std::shared_ptr<KeptNames> kept_names = std::make_shared<KeptNames>();
  // Makes what performs workloads on disks of so many bytes with such blocks.
  std::function<Result<std::unique_ptr<WorkloadRecorder>>(const BaseImageOptions&,
                                                          const RunDir&)>
      make_recorder;

  // Records a scenario's script into a log, over a copy of the image; returns how the
  // script ended, and the kernel.
  struct ScriptRecording {
    PerformedWorkload performed;
    std::string kernel;
  };

  std::function<Result<ScriptRecording>(const Scenario&, const BaseImageOptions&,
                                        const BaseImage&,
                                        const std::filesystem::path& log)>
      record_script;
  // What mounts states; null: nothing can be mounted.
  std::function<JudgeOptions::MakeMounter(std::uint32_t block_bytes, const RunDir&)>
      make_mounter;
  GuestOptions guest;  // in which stacks are recorded and judged
  bool mounts_in_guest = false;
  std::string mount_flags;  // with which `check` mounts states as we do
  std::string guest_flags;  // and those of the guest alone, for stacks
};

struct ScenarioOutcome {
  enum class Kind {
    kAsExpected,
    kUnexpected,    // a finding where none was expected, or none, or another
    kFailed,        // the workload did not end as it should
    kInconclusive,  // not all was decided
  };
  Kind kind = Kind::kInconclusive;
  std::string why;  // one line
  Expectation expected;
  Certificate certificate;
  // Of a scenario of depth 2, in the order of the certificate's examples; fewer than
  // `recoveries_wanted` if enough was found, or the time was up.
  std::vector<NestedResult> recoveries;
  std::size_t recoveries_wanted = 0;
  std::string kernel;
  std::size_t operations = 0;
  std::size_t acknowledgements = 0;
  double record_seconds = 0;
  double check_seconds = 0;
  bool mounted = false;        // states were, to judge them
  std::filesystem::path kept;  // the log, if kept
};

// Not thread-safe.
class ScenarioRun {
 public:
  explicit ScenarioRun(ScenarioRunOptions options);
  ~ScenarioRun();

  // An Error of kind kMissing: the scenario needs what is not here. Others: it cannot be
  // run, or the harness failed.
  Result<ScenarioOutcome> run(const Scenario& given);

 private:
  struct Kit;  // what scenarios with equal disks share

  Result<Kit*> kit_for(const Scenario& scenario);
  Result<ScenarioOutcome> run_with(const Scenario& scenario, Kit& kit);
  Result<ScenarioRunOptions::ScriptRecording> record(const Scenario& scenario, Kit& kit,
                                                     const std::filesystem::path& log);
  Result<ScenarioOutcome> check_until_failure(const Scenario& scenario, Kit& kit,
                                              const std::filesystem::path& log,
                                              const std::string& problem,
                                              ScenarioOutcome outcome);
  Result<ScenarioOutcome> check(const Scenario& scenario, Kit& kit,
                                const std::filesystem::path& log,
                                ScenarioOutcome outcome);
  Status check_recoveries(Kit& kit, const NestedOptions& nested,
                          ScenarioOutcome& outcome) const;
  Result<ScenarioOutcome> run_stack_of(const Scenario& scenario) const;
  Error with_kept_log(const Scenario& scenario, const std::filesystem::path& log,
                      Error error) const;
  // `base` is empty if the disks began with zeros.
  Status keep(const Scenario& scenario, const std::filesystem::path& base,
              const std::filesystem::path& log, ScenarioOutcome& outcome) const;

  ScenarioRunOptions options_;
  std::vector<std::unique_ptr<Kit>> kits_;
};

// How states of a scenario are explored: `oracle` may be null, and is kept by reference.
ExplorerOptions explorer_options(const ScenarioRunOptions& options, const Judge& judge,
                                 const Oracle* oracle, const Expectation& expected);

// Whether what came out is what was expected, and the sentence about it.
void compare_with_expectation(ScenarioOutcome& outcome);

}  // namespace powercut
