// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/judge.h"

#include "base/ensure.h"
#include "base/signals.h"
#include "device/affinity.h"
#include "replay/state_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace powercut {

namespace {

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// A verdict must not depend on which worker gave it, nor on the name of the run.
void forget_paths(Verdict& verdict, const Subject& subject) {
  for (std::size_t d = 0; d < subject.disks.size(); ++d) {
    std::string path = subject.disks[d].string();
    std::string name = fmt::format("<disk{}>", d);
    replace_all(verdict.output, path, name);
    replace_all(verdict.reason, path, name);
    for (Finding& finding : verdict.findings) {
      replace_all(finding.key, path, name);
      replace_all(finding.summary, path, name);
    }
  }
}

}  // namespace

Result<std::unique_ptr<Judge>> Judge::start(const Recording& recording,
                                            std::unique_ptr<Checker> checker,
                                            const RunDir& run_dir,
                                            const JudgeOptions& options) {
  std::unique_ptr<Judge> judge(new Judge(std::move(checker)));
  for (std::size_t worker = 0; worker < options.jobs; ++worker) {
    PC_RETURN_IF_ERROR(judge->add_bench(recording, run_dir, options));
  }
  return judge;
}

Status Judge::add_bench(const Recording& recording, const RunDir& run_dir,
                        const JudgeOptions& options) {
  std::size_t worker = benches_.size();
  std::unique_ptr<Bench> bench = std::make_unique<Bench>();
  std::vector<DiskFile> files;
  for (std::uint16_t d = 0; d < recording.device_count(); ++d) {
    ServedDisk::Options disk;
    disk.footprint_unit_bytes = options.unit_bytes;
    bench->disks.push_back(
        std::make_unique<ServedDisk>(recording.size_bytes(d), nullptr, std::move(disk)));
    files.push_back(DiskFile{fmt::format("disk{}", d), bench->disks.back().get()});
  }
  PC_ASSIGN_OR_RETURN(std::filesystem::path mountpoint,
                      run_dir.make_directory(fmt::format("disks{}", worker)));
  {
    PinnedToProcessor pinned(static_cast<unsigned>(worker % usable_processors()));
    DiskServer::Options serve;
    serve.threads = 1;
    PC_ASSIGN_OR_RETURN(bench->server,
                        DiskServer::start(mountpoint, run_dir.run_id(), files, serve));
  }
  for (std::size_t d = 0; d < files.size(); ++d) {
    bench->subject.disks.push_back(bench->server->path(d));
  }
  PC_ASSIGN_OR_RETURN(bench->subject.scratch,
                      run_dir.make_directory(fmt::format("job{}", worker)));
  Bench* kept = bench.get();
  bench->subject.begin_probe = [kept](std::size_t probe) {
    for (std::unique_ptr<ServedDisk>& disk : kept->disks) {
      disk->begin_probe(probe);
    }
  };
  benches_.push_back(std::move(bench));
  return {};
}

Result<Verdict> Judge::take_baseline(const CrashState& pristine) {
  PC_ASSIGN_OR_RETURN(RunOutcome outcome, run(0, pristine));
  Verdict verdict = outcome.probes[0].verdict;
  for (const ProbeOutcome& probe : outcome.probes) {
    for (const Finding& finding : probe.verdict.findings) {
      baseline_.insert(finding.key);
    }
    if (probe.verdict.kind == Verdict::Kind::kInconclusive) {
      verdict = probe.verdict;
    }
  }
  return verdict;
}

void Judge::subtract_baseline(Verdict& verdict) const {
  if (verdict.kind != Verdict::Kind::kFindings || baseline_.empty()) {
    return;
  }
  std::erase_if(verdict.findings,
                [&](const Finding& finding) { return baseline_.contains(finding.key); });
  if (verdict.findings.empty()) {
    verdict.kind = Verdict::Kind::kClean;
  }
}

Result<RunOutcome> Judge::run(std::size_t worker, const CrashState& state) {
  PC_ENSURE(worker < benches_.size(), "a bench for each job");
  if (interrupted()) {
    // Runs that wait for a worker need not begin to be ended one by one.
    Verdict verdict{Verdict::Kind::kInconclusive, {}, "interrupted", {}};
    return RunOutcome{
        std::vector<ProbeOutcome>(probes_.size(), ProbeOutcome{std::move(verdict), {}})};
  }
  Bench& bench = *benches_[worker];
  PinnedToProcessor pinned(static_cast<unsigned>(worker % usable_processors()));
  for (std::uint16_t d = 0; d < bench.disks.size(); ++d) {
    bench.disks[d]->reset(std::make_shared<const StateView>(state, d));
    bench.disks[d]->begin_probe(0);
  }
  PC_ASSIGN_OR_RETURN(std::vector<Verdict> verdicts, checker_->run(bench.subject));
  PC_ENSURE(verdicts.size() == probes_.size(), "a verdict for each probe");
  RunOutcome outcome;
  std::vector<UnitKey> base;
  for (std::size_t probe = 0; probe < probes_.size(); ++probe) {
    ProbeOutcome result;
    result.verdict = std::move(verdicts[probe]);
    forget_paths(result.verdict, bench.subject);
    result.footprint = base;
    for (std::uint16_t d = 0; d < bench.disks.size(); ++d) {
      for (std::uint64_t unit : bench.disks[d]->footprint(probe)) {
        result.footprint.push_back(make_unit(d, unit));
      }
    }
    if (probe == 0) {
      base = result.footprint;
    }
    subtract_baseline(result.verdict);
    if (result.footprint.empty() && result.verdict.kind != Verdict::Kind::kInconclusive) {
      result.verdict = Verdict{Verdict::Kind::kInconclusive,
                               {},
                               checker_->name() + " read nothing from the disk",
                               std::move(result.verdict.output)};
    }
    outcome.probes.push_back(std::move(result));
  }
  for (std::unique_ptr<ServedDisk>& disk : bench.disks) {
    if (std::optional<Error> error = disk->read_error()) {
      return fail(*error);
    }
    // Lets go of the state: a checker that was cut off may still have a read under way.
    disk->reset(nullptr);
  }
  return outcome;
}

}  // namespace powercut
