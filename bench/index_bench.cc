// SPDX-License-Identifier: GPL-2.0-only
//
// What it costs to open a large log and to reach any state of it.
//
//   index_bench LOG [STATES]
//
// Opens the log (mapped, verified, indexed) once; opens the state after STATES random
// flushes and reads one block of each; and for the same flushes replays the log linearly
// into a sparse file, as a tool without an index must. Prints one JSON line. Make a log
// with make_log.

#include "base/fd.h"
#include "base/random.h"
#include "device/run_dir.h"
#include "replay/state_view.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

using namespace powercut;  // NOLINT(google-build-using-namespace)

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// A field of /proc/self/status in bytes.
std::uint64_t status_bytes(const std::string& field) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word == field + ":") {
      std::uint64_t kib = 0;
      status >> kib;
      return kib * 1024;
    }
  }
  return 0;
}

double linear_replay_seconds(const Recording& recording, Cut cut,
                             const std::filesystem::path& path) {
  Fd file = value_or_throw(Fd::open(path, O_RDWR | O_CREAT | O_TRUNC));
  if (::ftruncate(file.get(), static_cast<off_t>(recording.size_bytes(0))) != 0) {
    throw Failure(system_error("cannot size the replayed file", errno));
  }
  Clock::time_point begin = Clock::now();
  const Timeline& timeline = recording.timeline();
  for (const Write& write : timeline.writes()) {
    if (write.submit >= cut) {
      break;
    }
    if (write.op == Op::kWrite && write.complete < cut) {
      value_or_throw(write_fully(file, timeline.data(write, 0, write.length_bytes),
                                 write.offset_bytes, path));
    }
  }
  return seconds_since(begin);
}

void run(const std::string& path, std::size_t states) {
  std::uint64_t log_bytes = std::filesystem::file_size(path);
  Clock::time_point begin = Clock::now();
  std::shared_ptr<const Recording> recording = value_or_throw(Recording::open(path, {}));
  double open_seconds = seconds_since(begin);
  std::uint64_t resident = status_bytes("VmRSS");
  std::uint64_t peak = status_bytes("VmHWM");
  const Timeline& timeline = recording->timeline();
  std::shared_ptr<const Durability> durability = std::make_shared<const Durability>(
      value_or_throw(Durability::build(timeline, CrashModel{})));
  std::uint64_t with_model = status_bytes("VmRSS");
  Random random(1);
  std::vector<double> opened;
  double linear = 0;
  RunDir scratch = value_or_throw(RunDir::create());
  std::vector<std::byte> block(4096);
  for (std::size_t i = 0; i < states; ++i) {
    const Flush& flush = timeline.flushes()[random.below(timeline.flushes().size())];
    std::uint64_t at = random.below(recording->size_bytes(0) / 4096) * 4096;
    begin = Clock::now();
    std::shared_ptr<const StateSpace> space =
        value_or_throw(StateSpace::build(recording, durability, flush.complete));
    StateView view(most_state(space), 0);
    view.read(at, block);
    opened.push_back(seconds_since(begin));
    if (i < 5) {  // linear replay is slow, and only its mean is wanted
      linear +=
          linear_replay_seconds(*recording, flush.complete, scratch.path() / "disk");
    }
  }
  std::sort(opened.begin(), opened.end());
  double mean = 0;
  for (double seconds : opened) {
    mean += seconds / static_cast<double>(opened.size());
  }
  double linear_mean = linear / static_cast<double>(std::min<std::size_t>(states, 5));
  constexpr double kGiB = 1024.0 * 1024 * 1024;
  double writes = static_cast<double>(timeline.writes().size());
  fmt::print(
      "{{\"log_gib\": {:.3f}, \"writes\": {}, \"open_s\": {:.3f}, "
      "\"open_gib_s\": {:.2f}, \"rss_mib\": {:.1f}, \"peak_mib\": {:.1f}, "
      "\"rss_with_model_mib\": {:.1f}, \"bytes_a_write_above_64_mib\": {:.1f}, "
      "\"state_ms_median\": {:.3f}, "
      "\"state_ms_max\": {:.3f}, \"linear_s\": {:.3f}, \"linear_over_indexed\": "
      "{:.0f}}}\n",
      static_cast<double>(log_bytes) / kGiB, timeline.writes().size(), open_seconds,
      static_cast<double>(log_bytes) / kGiB / open_seconds,
      static_cast<double>(resident) / (1 << 20), static_cast<double>(peak) / (1 << 20),
      static_cast<double>(with_model) / (1 << 20),
      (static_cast<double>(with_model) - (64 << 20)) / writes,
      opened[opened.size() / 2] * 1000, opened.back() * 1000, linear_mean,
      linear_mean / mean);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: index_bench LOG [STATES]\n");
    return 2;
  }
  try {
    run(argv[1], argc > 2 ? static_cast<std::size_t>(std::atoi(argv[2])) : 50);
  } catch (const Failure& failure) {
    fmt::print(stderr, "index_bench: {}\n", failure.error().message);
    return 1;
  }
  return 0;
}
