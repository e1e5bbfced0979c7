// SPDX-License-Identifier: GPL-2.0-only
//
// Logs of models, and what is decided of them in memory.

#pragma once

#include "replay/explorer.h"
#include "scenarios/models/model.h"
#include "tests/support/brute_force.h"
#include "tests/support/checker_runner.h"
#include "tests/support/scratch_dir.h"
#include "workload/claims.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace powercut::test {

// With the atomic unit that `check` takes: the logical block.
inline CrashModel with_blocks(DeviceModel device = DeviceModel::kVolatileCache) {
  CrashModel model;
  model.device = device;
  model.atomic_bytes = 4096;
  return model;
}

// The log of one run of a model, opened.
class ModelBench {
 public:
  explicit ModelBench(const std::string& name, const ModelOptions& options = {})
      : name_(name) {
    value_or_throw(record_model(value_or_throw(find_model(name)), options, log()));
    open(log());
  }

  std::filesystem::path log() const { return dir_ / "log"; }

  std::filesystem::path file(std::string_view name) const { return dir_ / name; }

  // Another log of the same devices.
  void open(const std::filesystem::path& path) {
    RecordingOptions options;
    options.size_bytes = recording ? recording->size_bytes(0) : 0;
    recording = value_or_throw(Recording::open(path, options));
  }

  // The first instant at which the devices are what the model begins with.
  Cut begin() const {
    for (const Mark& mark : recording->timeline().marks()) {
      if (mark.text == "mkfs") {
        return mark.at + 1;
      }
    }
    return 0;
  }

  // Every permitted state decided by the model's checker; with `promised` its claims are
  // held against the log's acknowledgements too.
  Certificate decide(const CrashModel& model = with_blocks(), bool promised = false) {
    CheckerOptions checking;
    checking.observe = promised;
    CheckerRunner runner(value_or_throw(make_checker("model:" + name_, checking)));
    std::unique_ptr<ClaimsOracle> oracle;
    ExplorerOptions options;
    if (promised) {
      oracle = value_or_throw(ClaimsOracle::make(recording->timeline()));
      options.oracle = oracle.get();
    }
    const std::shared_ptr<const Durability> durable = durability(*recording, model);
    book = std::make_unique<RunBook>(runner);
    Explorer explorer(recording, *book, std::move(options));
    const std::vector<EventPos> none;
    Certificate certificate = value_or_throw(
        explorer.explore(durable, list_windows(recording->timeline(), *durable, begin(),
                                               recording->timeline().end(),
                                               promised ? oracle->boundaries() : none)));
    tried_ = promised ? 0 : try_all(*durable, runner);
    return certificate;
  }

  // Of the last decide(): how many states were run for real, all in agreement.
  std::uint64_t tried() const { return tried_; }

  std::shared_ptr<const Recording> recording;
  std::unique_ptr<RunBook> book;

 private:
  // Runs every state of the small windows, and compares with what was decided of it.
  std::uint64_t try_all(const Durability& durable, StateRunner& runner) {
    std::uint64_t tried = 0;
    for (const Window& window : list_windows(recording->timeline(), durable, begin(),
                                             recording->timeline().end())) {
      const auto space = space_at(recording, durable.model(), window.cut);
      if (constexpr unsigned kMost = 64; space->state_count() > kMost) {
        continue;
      }
      const BruteForce all = brute_force(space, runner, book.get());
      PC_ENSURE(all.disagreements.empty(), "a state is not as it was decided");
      tried += all.states;
    }
    return tried;
  }

  std::string name_;
  ScratchDir dir_;
  std::uint64_t tried_ = 0;
};

// The texts of all findings, without those that are there twice.
inline std::set<std::string> texts_of(const Certificate& certificate) {
  std::set<std::string> texts;
  for (const FailingClass& failing : certificate.findings) {
    for (const Finding& finding : failing.verdict.findings) {
      texts.insert(finding.summary);
    }
  }
  return texts;
}

inline bool some_contain(const std::set<std::string>& texts, const std::string& part) {
  return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
    return text.find(part) != std::string::npos;
  });
}

// The state of a finding again.
inline CrashState state_of(const ModelBench& bench, const FailingClass& failing,
                           const CrashModel& model) {
  const Cut end = bench.recording->timeline().end();
  const StateIdHead head = value_or_throw(parse_state_head(failing.state_id, end));
  return value_or_throw(
      state_from_id(space_at(bench.recording, model, head.cut), failing.state_id));
}

}  // namespace powercut::test
