// SPDX-License-Identifier: GPL-2.0-only
//
// What it costs to move about in a large log, as the shell does.
//
//   shell_bench LOG [MOVES]
//
// Opens the log once, moves to MOVES random flushes, marks, writes, numbers and times,
// and steps on from each; prints one JSON line with the median and the longest of each in
// milliseconds, and what it costs to build the states of such a place. Make a log with
// make_log.

#include "base/random.h"
#include "cli/shell/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

using namespace powercut;  // NOLINT(google-build-using-namespace)

namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_of(const std::function<void()>& call) {
  const Clock::time_point begin = Clock::now();
  call();
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

std::string median_and_longest(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return fmt::format(R"({{"median_ms": {:.4f}, "longest_ms": {:.4f}}})",
                     times[times.size() / 2], times.back());
}

// The line that the prompt shows is part of a move.
void go_to(ShellSession& session, const std::vector<std::string>& place) {
  session.go_to(value_or_throw(session.find(place)));
  if (session.place().empty()) {
    std::abort();
  }
}

int run(const std::string& path, std::uint64_t moves) {
  RecordingOptions options;
  options.log.verify_data = false;
  const Clock::time_point begin = Clock::now();
  std::shared_ptr<const Recording> recording =
      value_or_throw(Recording::open(path, options));
  CrashModel model;
  model.atomic_bytes = recording->timeline().devices()[0].logical_block_bytes;
  ShellSession session(recording, model);
  const double open_ms =
      std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  const Timeline& timeline = recording->timeline();
  Random random(1);
  std::vector<double> flushes;
  std::vector<double> marks;
  std::vector<double> numbers;
  std::vector<double> steps;
  std::vector<double> states;
  for (std::uint64_t i = 0; i < moves; ++i) {
    const std::uint64_t flush = random.below(session.steps().flush_count()) + 1;
    const std::string& mark =
        timeline.marks()[random.below(timeline.marks().size())].text;
    const std::uint64_t seq = random.below(timeline.end());
    flushes.push_back(milliseconds_of([&] {
      go_to(session, {"flush", fmt::format("{}", flush)});
    }));
    marks.push_back(milliseconds_of([&] { go_to(session, {"mark", mark}); }));
    numbers.push_back(milliseconds_of([&] {
      go_to(session, {"seq", fmt::format("{}", seq)});
    }));
    for (const StepKind kind : {StepKind::kFlush, StepKind::kMark, StepKind::kWrite}) {
      steps.push_back(milliseconds_of([&] {
        session.go_to(session.steps().next(kind, session.cut()).value_or(0));
        session.go_to(session.steps().previous(kind, session.cut()).value_or(0));
      }));
    }
    session.go_to(session.window().second);
    states.push_back(milliseconds_of([&] { session.draft(); }));
  }
  fmt::print(R"({{"writes": {}, "flushes": {}, "open_ms": {:.0f}, "goto_flush": {}, )"
             R"("goto_mark": {}, "goto_seq": {}, "next_and_prev": {}, "states": {}}})"
             "\n",
             timeline.writes().size(), timeline.flushes().size(), open_ms,
             median_and_longest(flushes), median_and_longest(marks),
             median_and_longest(numbers), median_and_longest(steps),
             median_and_longest(states));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    fmt::print(stderr, "usage: shell_bench LOG [MOVES]\n");
    return 2;
  }
  try {
    return run(argv[1], argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 200);
  } catch (const std::exception& error) {
    fmt::print(stderr, "shell_bench: {}\n", error.what());
    return 3;
  }
}
