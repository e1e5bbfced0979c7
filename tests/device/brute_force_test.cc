// SPDX-License-Identifier: GPL-2.0-only
//
// The decision tree against brute force on real logs with the real checker: in every
// window small enough, each permitted state is judged by e2fsck, and must be told what
// the tree told of its class.

#include "tests/support/brute_force.h"

#include "checkers/checker.h"
#include "device/run_dir.h"
#include "replay/where.h"
#include "scenarios/judge.h"
#include "scenarios/loop_recording.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace powercut::test {
namespace {

constexpr std::uint64_t kMostStates = std::uint64_t{1} << 12;

// A log with a judge for its states, and what comparing its windows came to.
class Comparison {
 public:
  explicit Comparison(std::shared_ptr<const Recording> recording)
      : recording_(std::move(recording)) {
    JudgeOptions options;
    options.jobs = 2;
    options.unit_bytes = recording_->timeline().granularity_bytes();
    judge_ = value_or_throw(Judge::start(
        *recording_, value_or_throw(make_checker("ext4", {})), run_dir_, options));
  }

  // Decides the small windows from a place on by tree and by brute force.
  void compare(const std::string& from, const std::string& fault) {
    CrashModel model;
    model.fault = value_or_throw(parse_fault(fault));
    const auto durable = durability(*recording_, model);
    RunBook book(*judge_);
    ExplorerOptions options;
    options.jobs = 2;
    Explorer explorer(recording_, book, options);
    const Timeline& timeline = recording_->timeline();
    for (const Window& window :
         list_windows(timeline, *durable, value_or_throw(find_cut(timeline, from)),
                      timeline.end())) {
      const auto space =
          value_or_throw(StateSpace::build(recording_, durable, window.cut));
      if (space->state_count() <= kMostStates) {
        compare_window(explorer, book, durable, window, space);
      }
    }
  }

  std::size_t windows() const { return windows_; }

  std::uint64_t states() const { return states_; }

  std::uint64_t failing() const { return failing_; }

 private:
  void compare_window(Explorer& explorer, const RunBook& book,
                      const std::shared_ptr<const Durability>& durable,
                      const Window& window,
                      const std::shared_ptr<const StateSpace>& space) {
    INFO("window " << window.number << ", cut " << window.cut);
    const Certificate certificate = value_or_throw(explorer.explore(durable, {window}));
    const BruteForce forced = brute_force(space, *judge_, &book);
    CHECK(certificate.complete());
    CHECK(certificate.states_permitted == forced.states);
    CHECK(forced.disagreements == std::vector<std::string>{});
    CHECK(verdicts_of(certificate) == forced.verdicts);
    ++windows_;
    states_ += forced.states;
    for (const auto& [verdict, states] : forced.verdicts) {
      failing_ += verdict.second == "clean" ? 0 : states;
    }
  }

  RunDir run_dir_ = value_or_throw(RunDir::create());
  std::shared_ptr<const Recording> recording_;
  std::unique_ptr<Judge> judge_;
  std::size_t windows_ = 0;
  std::uint64_t states_ = 0;
  std::uint64_t failing_ = 0;
};

// The log of the upstream target, unpacked.
std::shared_ptr<const Recording> upstream_log(const RunDir& run_dir) {
  const std::string path = run_dir.path() / "log";
  const std::string unpack = fmt::format(
      "zstd -dcq '{}/tests/golden/upstream-ext4-sync/log.zst' | head -c 10400000 > '{}'",
      POWERCUT_SOURCE_DIR, path);
  REQUIRE(std::system(unpack.c_str()) == 0);
  RecordingOptions options;
  options.size_bytes = std::uint64_t{64} << 20;
  return value_or_throw(Recording::open(path, options));
}

std::shared_ptr<const Recording> record(const RunDir& run_dir, const std::string& work) {
  LoopRecordingOptions options;
  options.log = run_dir.path() / "log";
  options.workload.file_system = "ext4";
  options.size_bytes = std::uint64_t{8} << 20;
  options.workload.mkfs_options = {"-E", "lazy_itable_init=0,lazy_journal_init=0"};
  options.workload.command = {"sh", "-c", work};
  const LoopRecordingResult result = value_or_throw(record_on_loop(options, run_dir));
  INFO(result.workload.output);
  REQUIRE(result.workload.succeeded());
  return value_or_throw(Recording::open(options.log, {}));
}

constexpr const char* kWork =
    "for i in 1 2 3 4; do echo $i > f$i; sync f$i; done; mkdir d; mv f1 d; sync d";

TEST_CASE("upstream's log of ext4: tree and brute force agree on every state",
          "[device][brute_force]") {
  const RunDir run_dir = value_or_throw(RunDir::create());
  Comparison comparison(upstream_log(run_dir));
  comparison.compare("mark:mkfs", "none");
  CHECK(comparison.windows() == 23);
  CHECK(comparison.states() == 3114);
  CHECK(comparison.failing() == 0);
}

TEST_CASE("a recorded ext4: tree and brute force agree on every state",
          "[device][brute_force]") {
  const RunDir run_dir = value_or_throw(RunDir::create());
  Comparison comparison(record(run_dir, kWork));
  comparison.compare("mark:mkfs", "none");
  CHECK(comparison.windows() > 5);
  CHECK(comparison.failing() == 0);
}

TEST_CASE("a recorded ext4 without one flush: they agree on what fails, too",
          "[device][brute_force]") {
  const RunDir run_dir = value_or_throw(RunDir::create());
  const auto recording = record(run_dir, kWork);
  Comparison comparison(recording);
  const std::size_t flushes = recording->timeline().flushes().size();
  for (std::size_t flush = 1; flush <= std::min<std::size_t>(flushes, 12); ++flush) {
    INFO("flush " << flush << " ignored");
    comparison.compare("mark:mkfs", fmt::format("ignore-flush:{}", flush));
  }
  CHECK(comparison.failing() > 0);
}

}  // namespace
}  // namespace powercut::test
