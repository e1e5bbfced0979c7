// SPDX-License-Identifier: GPL-2.0-only
//
// What a complete check costs beyond the checker itself, and what a second job gains.
//
//   check_bench LOG ATOMIC [SAMPLES [ROUNDS]]
//
// In one process and alternating, so that a noisy machine hits all alike: the median time
// of the bare checker (e2fsck on a served disk that shows states of the log), a complete
// check with one job, and one with two. Prints one JSON line a round.

#include "checkers/checker.h"
#include "device/affinity.h"
#include "device/disk_server.h"
#include "device/mount_namespace.h"
#include "device/run_dir.h"
#include "device/served_disk.h"
#include "replay/explorer.h"
#include "replay/state_view.h"
#include "replay/where.h"
#include "scenarios/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

using namespace powercut;  // NOLINT(google-build-using-namespace)

namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

struct Bench {
  std::shared_ptr<const Recording> recording;
  std::shared_ptr<const Durability> durability;
  std::vector<Window> windows;
  std::uint32_t unit_bytes = 512;
};

std::unique_ptr<Checker> make() {
  return value_or_throw(make_checker("ext4", {}));
}

// The checker alone, on random states of random windows.
double median_checker_ms(const Bench& bench, std::size_t samples) {
  RunDir run_dir = value_or_throw(RunDir::create());
  ServedDisk::Options options;
  options.footprint_unit_bytes = bench.unit_bytes;
  ServedDisk disk(bench.recording->size_bytes(0), nullptr, std::move(options));
  std::filesystem::path mountpoint = value_or_throw(run_dir.make_directory("disks"));
  // As the judge has it: server and checker on one processor.
  PinnedToProcessor pinned(0);
  DiskServer::Options serve;
  serve.threads = 1;
  std::unique_ptr<DiskServer> server = value_or_throw(
      DiskServer::start(mountpoint, run_dir.run_id(), {{"disk", &disk}}, serve));
  Subject subject;
  subject.disks = {server->path(0)};
  subject.scratch = value_or_throw(run_dir.make_directory("job"));
  subject.begin_probe = [](std::size_t) {};
  subject.read = [&disk](std::size_t, std::uint64_t offset_bytes,
                         std::span<std::byte> out) -> Status {
    return disk.read(offset_bytes, out) == 0
               ? Status{}
               : fail(ErrorKind::kSystem, "cannot read the disk");
  };
  subject.size_bytes = [&disk](std::size_t) { return disk.size_bytes(); };
  subject.restart = [&disk] { disk.forget_changes(); };
  std::unique_ptr<Checker> checker = make();
  Random random(1);
  std::vector<double> times;
  for (std::size_t i = 0; i < samples; ++i) {
    const Window& window = bench.windows[random.below(bench.windows.size())];
    std::shared_ptr<const StateSpace> space =
        value_or_throw(StateSpace::build(bench.recording, bench.durability, window.cut));
    disk.reset(std::make_shared<const StateView>(random_state(space, random), 0));
    Clock::time_point begin = Clock::now();
    value_or_throw(checker->run(subject));
    times.push_back(ms_since(begin));
  }
  disk.reset(nullptr);
  std::nth_element(times.begin(),
                   times.begin() + static_cast<std::ptrdiff_t>(samples / 2), times.end());
  return times[samples / 2];
}

double check_ms(const Bench& bench, std::size_t jobs, std::uint64_t& runs) {
  RunDir run_dir = value_or_throw(RunDir::create());
  JudgeOptions judge_options;
  judge_options.jobs = jobs;
  judge_options.unit_bytes = bench.unit_bytes;
  std::unique_ptr<Judge> judge =
      value_or_throw(Judge::start(*bench.recording, make(), run_dir, judge_options));
  ExplorerOptions options;
  options.jobs = jobs;
  Clock::time_point begin = Clock::now();
  Explorer explorer(bench.recording, *judge, options);
  Certificate certificate =
      value_or_throw(explorer.explore(bench.durability, bench.windows));
  if (!certificate.complete()) {
    throw Failure(Error{ErrorKind::kBadInput, "the check was not complete", {}});
  }
  runs = certificate.runs;
  return ms_since(begin);
}

void run(const std::string& path, std::uint32_t atomic, std::size_t samples,
         std::size_t rounds) {
  value_or_throw(enter_private_mount_namespace());
  Bench bench;
  bench.recording = value_or_throw(Recording::open(path, {}));
  const Timeline& timeline = bench.recording->timeline();
  CrashModel model;
  model.atomic_bytes = atomic;
  bench.unit_bytes = unit_bytes_for(timeline, model);
  bench.durability = std::make_shared<const Durability>(
      value_or_throw(Durability::build(timeline, model)));
  bench.windows =
      list_windows(timeline, *bench.durability,
                   value_or_throw(find_cut(timeline, "mark:mkfs")), timeline.end());
  for (std::size_t round = 0; round < rounds; ++round) {
    std::uint64_t runs = 0;
    double before = median_checker_ms(bench, samples);
    double one = check_ms(bench, 1, runs);
    double two = check_ms(bench, 2, runs);
    double after = median_checker_ms(bench, samples);
    double checker = (before + after) / 2;
    double ideal = static_cast<double>(runs) * checker;
    fmt::print(
        "{{\"runs\": {}, \"checker_ms\": {:.3f}, \"one_job_ms\": {:.0f}, "
        "\"two_jobs_ms\": {:.0f}, \"one_job_ratio\": {:.3f}, "
        "\"two_jobs_ratio\": {:.3f}, \"speed_up\": {:.3f}}}\n",
        runs, checker, one, two, one / ideal, two / (ideal / 2), one / two);
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: check_bench LOG ATOMIC [SAMPLES [ROUNDS]]\n");
    return 2;
  }
  try {
    run(argv[1], static_cast<std::uint32_t>(std::atoi(argv[2])),
        argc > 3 ? static_cast<std::size_t>(std::atoi(argv[3])) : 100,
        argc > 4 ? static_cast<std::size_t>(std::atoi(argv[4])) : 3);
  } catch (const Failure& failure) {
    fmt::print(stderr, "check_bench: {}\n", failure.error().message);
    return 1;
  }
  return 0;
}
