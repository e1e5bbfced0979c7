// SPDX-License-Identifier: GPL-2.0-only
//
// Runs a real checker on states in memory: what scenarios/judge.h does, without files,
// FUSE or a baseline. For checkers that read by Subject::read() and mount nothing.

#pragma once

#include "checkers/checker.h"
#include "device/served_disk.h"
#include "replay/state_runner.h"
#include "replay/state_view.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace powercut::test {

class CheckerRunner final : public StateRunner {
 public:
  explicit CheckerRunner(std::unique_ptr<Checker> checker)
      : checker_(std::move(checker)) {}

  std::string checker_name() const override { return checker_->name(); }

  Result<RunOutcome> run(std::size_t /*worker*/, const CrashState& state) override {
    std::vector<std::unique_ptr<ServedDisk>> disks;
    Subject subject;
    const std::size_t count = state.space->recording().device_count();
    for (std::uint16_t d = 0; d < count; ++d) {
      ServedDisk::Options options;
      options.footprint_unit_bytes = state.space->unit_bytes();
      disks.push_back(std::make_unique<ServedDisk>(
          std::make_shared<const StateView>(state, d), std::move(options)));
      subject.disks.emplace_back("no file");
    }
    subject.begin_probe = [&](std::size_t probe) {
      for (const std::unique_ptr<ServedDisk>& disk : disks) {
        disk->begin_probe(probe);
      }
    };
    subject.read = [&](std::size_t disk, std::uint64_t offset_bytes,
                       std::span<std::byte> out) -> Status {
      const int error = disks.at(disk)->read(offset_bytes, out);
      return error == 0 ? Status{} : fail(system_error("reading a state", error));
    };
    subject.size_bytes = [&](std::size_t disk) { return disks.at(disk)->size_bytes(); };
    subject.begin_probe(0);
    PC_ASSIGN_OR_RETURN(Judgement judgement, checker_->run(subject));
    RunOutcome outcome;
    for (Judgement::Probe& probe : judgement.probes) {
      ProbeOutcome one{std::move(probe.name), std::move(probe.verdict), {}};
      for (std::uint16_t d = 0; d < count; ++d) {
        for (const std::uint64_t unit : disks[d]->footprint(outcome.probes.size())) {
          one.footprint.push_back(make_unit(d, unit));
        }
      }
      outcome.probes.push_back(std::move(one));
    }
    return outcome;
  }

 private:
  std::unique_ptr<Checker> checker_;
};

}  // namespace powercut::test
