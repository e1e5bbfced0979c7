// SPDX-License-Identifier: GPL-2.0-only

#include "cli/run_queue.h"

#include "base/error.h"
#include "base/signals.h"
#include "cli/check_recovery.h"
#include "cli/log_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace powercut {

namespace {

// Hands out the numbers of runs and takes results back in their order.
class Board {
 public:
  Board(std::size_t count, const std::function<void(const ScenarioResult&)>& tell)
      : count_(count), tell_(tell) {}

  std::optional<std::size_t> next() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return interrupted() || next_ == count_ ? std::nullopt : std::optional(next_++);
  }

  void take(std::size_t number, ScenarioResult result) {
    const std::lock_guard<std::mutex> lock(mutex_);
    results_.emplace(number, std::move(result));
    for (auto first = results_.find(told_); first != results_.end();
         first = results_.find(told_)) {
      tell_(first->second);
      results_.erase(first);
      ++told_;
    }
  }

  // Tells what is left when nothing more comes: behind one that was interrupted.
  void finish() {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [number, result] : results_) {
      tell_(result);
    }
    results_.clear();
  }

 private:
  std::size_t count_;
  const std::function<void(const ScenarioResult&)>& tell_;
  std::mutex mutex_;
  std::size_t next_ = 0;
  std::size_t told_ = 0;
  std::map<std::size_t, ScenarioResult> results_;
};

ScenarioEnd end_of(ScenarioOutcome::Kind kind) {
  switch (kind) {
    case ScenarioOutcome::Kind::kAsExpected:
      return ScenarioEnd::kAsExpected;
    case ScenarioOutcome::Kind::kUnexpected:
      return ScenarioEnd::kUnexpected;
    case ScenarioOutcome::Kind::kFailed:
      return ScenarioEnd::kFailed;
    case ScenarioOutcome::Kind::kInconclusive:
      return ScenarioEnd::kInconclusive;
  }
  return ScenarioEnd::kInconclusive;
}

// Programs tell more than that; `why` is one line.
std::string one_line(const std::string& text) {
  std::string line = text.substr(0, text.find_last_not_of(" \n") + 1);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

std::string check_command(const ScenarioRunOptions& options, const Scenario& scenario,
                          const ScenarioOutcome& outcome) {
  const auto beside = [&](const char* extension) {
    return quoted(std::filesystem::path(outcome.kept).replace_extension(extension));
  };
  const bool stack = !scenario.disks.empty();
  const std::string base = stack ? "" : " --base " + beside(".base");
  const std::string flags = stack             ? options.guest_flags
                            : outcome.mounted ? options.mount_flags
                                              : "";
  return fmt::format("powercut check {}{} --scenario {}{}", beside(".log"), base,
                     beside(".scenario"), flags);
}

ScenarioResult result_of(const ScenarioRunOptions& options, const Scenario& scenario,
                         const ScenarioOutcome& outcome) {
  ScenarioResult result;
  result.name = scenario.name;
  result.about = scenario.about;
  result.end = end_of(outcome.kind);
  result.why = one_line(outcome.why);
  result.finding_expected = outcome.expected.finding;
  result.kernel = outcome.kernel;
  result.operations = outcome.operations;
  result.acknowledgements = outcome.acknowledgements;
  result.record_seconds = outcome.record_seconds;
  result.check_seconds = outcome.check_seconds;
  result.kept = outcome.kept;
  result.check_command =
      outcome.kept.empty() ? "" : check_command(options, scenario, outcome);
  result.certificate = outcome.certificate;
  result.recoveries = report_of(outcome.recoveries);
  return result;
}

void work(const ScenarioRunOptions& options, const std::vector<Scenario>& scenarios,
          Board& board) {
  ScenarioRun runner(options);
  while (const std::optional<std::size_t> number = board.next()) {
    const Scenario& scenario = scenarios[*number % scenarios.size()];
    const Result<ScenarioOutcome> outcome = runner.run(scenario);
    ScenarioResult result;
    if (outcome) {
      result = result_of(options, scenario, *outcome);
    } else if (outcome.error().kind == ErrorKind::kMissing) {
      result.name = scenario.name;
      result.why = outcome.error().message + ": " + outcome.error().hint;
    } else if (outcome.error().kind == ErrorKind::kInterrupted) {
      return;
    } else {
      // Of this scenario; the next may do better.
      const Error& error = outcome.error();
      result.name = scenario.name;
      result.end = error.kind == ErrorKind::kUsage ? ScenarioEnd::kFailed
                                                   : ScenarioEnd::kInconclusive;
      result.why = one_line(error.message);
      result.why += error.hint.empty() ? "" : " (" + error.hint + ")";
    }
    board.take(*number, std::move(result));
  }
}

}  // namespace

RunQueue::RunQueue(ScenarioRunOptions options, std::uint32_t jobs)
    : options_(std::move(options)), jobs_(jobs) {
  constexpr std::uint32_t kMostJobs = 32;
  if (jobs == 0 || jobs > kMostJobs) {
    throw Failure(Error{ErrorKind::kUsage,
                        fmt::format("cannot run {} scenarios at a time", jobs),
                        fmt::format("--jobs is 1 to {}", kMostJobs)});
  }
}

void RunQueue::run(const std::vector<Scenario>& scenarios, std::uint32_t repeat,
                   const std::function<void(const ScenarioResult&)>& tell) {
  Board board(scenarios.size() * repeat, tell);
  std::vector<std::thread> threads;
  for (std::uint32_t i = 1; i < jobs_; ++i) {
    threads.emplace_back([&] { work(options_, scenarios, board); });
  }
  work(options_, scenarios, board);
  for (std::thread& thread : threads) {
    thread.join();
  }
  board.finish();
}

}  // namespace powercut
