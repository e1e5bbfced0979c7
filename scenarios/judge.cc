// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/judge.h"

#include "base/ensure.h"
#include "base/signals.h"
#include "device/affinity.h"
#include "device/loop_device.h"
#include "replay/state_view.h"

#include <fmt/format.h>

#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <optional>
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
  judge->pinned_ = options.pinned;
  judge->unit_bytes_ = options.unit_bytes;
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
    std::optional<PinnedToProcessor> pinned;
    if (options.pinned) {
      pinned.emplace(static_cast<unsigned>(worker % usable_processors()));
    }
    DiskServer::Options serve;
    serve.threads = options.pinned ? 1 : 0;
    PC_ASSIGN_OR_RETURN(bench->server,
                        DiskServer::start(mountpoint, run_dir.run_id(), files, serve));
  }
  for (std::size_t d = 0; d < files.size(); ++d) {
    bench->subject.disks.push_back(bench->server->path(d));
  }
  PC_ASSIGN_OR_RETURN(bench->subject.scratch,
                      run_dir.make_directory(fmt::format("job{}", worker)));
  Bench* kept = bench.get();
  bench->subject.read = [kept](std::size_t disk, std::uint64_t offset_bytes,
                               std::span<std::byte> out) -> Status {
    const int error = kept->disks.at(disk)->read(offset_bytes, out);
    return error == 0
               ? Status{}
               : fail(ErrorKind::kSystem,
                      fmt::format("reading {} bytes at {} of disk {}: {}", out.size(),
                                  offset_bytes, disk, std::strerror(error)));
  };
  bench->subject.size_bytes = [kept](std::size_t disk) {
    return kept->disks.at(disk)->size_bytes();
  };
  bench->subject.restart = [kept] {
    for (std::unique_ptr<ServedDisk>& disk : kept->disks) {
      disk->forget_changes();
    }
  };
  bench->subject.begin_probe = [kept](std::size_t probe) {
    for (std::unique_ptr<ServedDisk>& disk : kept->disks) {
      disk->begin_probe(probe);
    }
  };
  if (options.make_mounter) {
    const std::function<void()> forget_reads = [kept, this] {
      for (std::unique_ptr<ServedDisk>& disk : kept->disks) {
        disk->set_footprint_unit(unit_bytes_);
      }
    };
    PC_ASSIGN_OR_RETURN(bench->mounter,
                        options.make_mounter(bench->subject.disks, forget_reads));
    bench->subject.mounter = bench->mounter.get();
  }
  benches_.push_back(std::move(bench));
  return {};
}

Result<Verdict> Judge::take_baseline(const CrashState& pristine) {
  PC_ASSIGN_OR_RETURN(RunOutcome outcome, run(0, pristine));
  Verdict verdict = outcome.probes[0].verdict;
  const Verdict* inconclusive = nullptr;
  for (const ProbeOutcome& probe : outcome.probes) {
    for (const Finding& finding : probe.verdict.findings) {
      baseline_.insert(finding.key);
    }
    if (probe.verdict.kind == Verdict::Kind::kInconclusive) {
      inconclusive = &probe.verdict;
    } else if (&probe != outcome.probes.data()) {
      for (const Finding& finding : probe.verdict.findings) {
        verdict.kind = Verdict::Kind::kFindings;
        verdict.findings.push_back(finding);
      }
    }
  }
  return inconclusive != nullptr ? *inconclusive : verdict;
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
  return run_other(*checker_, worker, state);
}

Result<RunOutcome> Judge::run_other(const Checker& checker, std::size_t worker,
                                    const CrashState& state) {
  PC_ENSURE(worker < benches_.size(), "a bench for each job");
  if (interrupted()) {
    // Runs that wait for a worker need not begin to be ended one by one.
    Verdict verdict;
    verdict.kind = Verdict::Kind::kInconclusive;
    verdict.reason = "interrupted";
    return RunOutcome{{ProbeOutcome{"base", std::move(verdict), {}}}};
  }
  std::optional<PinnedToProcessor> pinned;
  if (pinned_) {
    pinned.emplace(static_cast<unsigned>(worker % usable_processors()));
  }
  return run_on(*benches_[worker], checker, state);
}

Result<RunOutcome> Judge::run_recorded(std::size_t worker, const CrashState& state,
                                       EventSink& recorder) {
  PC_ENSURE(worker < benches_.size(), "a bench for each job");
  Bench& bench = *benches_[worker];
  ServedDisk& disk = *bench.disks[0];
  const std::filesystem::path file = bench.subject.disks[0];
  std::optional<LoopDevice> loop;
  if (!checker_->needs_mounter()) {
    // A program writes pieces of any size to a file; to a block device it writes through
    // the kernel's cache, in blocks, and that is what must be recorded.
    PC_ASSIGN_OR_RETURN(const Fd fd, Fd::open(file, O_RDWR));
    LoopDevice::Options options;
    options.block_bytes =
        state.space->recording().timeline().devices()[0].logical_block_bytes;
    PC_ASSIGN_OR_RETURN(LoopDevice attached, LoopDevice::attach(fd, options));
    bench.subject.disks[0] = attached.path();
    loop.emplace(std::move(attached));
  }
  disk.record_to(&recorder);
  Result<RunOutcome> outcome = run_other(*checker_, worker, state);
  bench.subject.disks[0] = file;
  const std::optional<Error> failed = disk.recorder_error();
  disk.record_to(nullptr);
  if (loop) {
    PC_RETURN_IF_ERROR(loop->detach());
  }
  if (failed) {
    return fail(*failed);
  }
  return outcome;
}

void Judge::set_unit_bytes(std::uint32_t unit_bytes) {
  unit_bytes_ = unit_bytes;
  for (const std::unique_ptr<Bench>& bench : benches_) {
    for (const std::unique_ptr<ServedDisk>& disk : bench->disks) {
      disk->set_footprint_unit(unit_bytes);
    }
  }
}

Result<RunOutcome> Judge::run_on(Bench& bench, const Checker& checker,
                                 const CrashState& state) {
  for (std::uint16_t d = 0; d < bench.disks.size(); ++d) {
    bench.disks[d]->reset(std::make_shared<const StateView>(state, d));
    bench.disks[d]->begin_probe(0);
  }
  PC_ASSIGN_OR_RETURN(Judgement judgement, checker.run(bench.subject));
  PC_ENSURE(!judgement.probes.empty(), "a checker says what its base found");
  RunOutcome outcome;
  for (std::size_t probe = 0; probe < judgement.probes.size(); ++probe) {
    outcome.probes.push_back(
        outcome_of(bench, probe, std::move(judgement.probes[probe])));
  }
  refuse_vacuous(outcome);
  for (std::unique_ptr<ServedDisk>& disk : bench.disks) {
    if (std::optional<Error> error = disk->read_error()) {
      return fail(*error);
    }
    // Lets go of the state: a checker that was cut off may still have a read under way.
    disk->reset(nullptr);
  }
  return outcome;
}

// A run that read nothing has judged nothing. Its probes may be all that reads.
void Judge::refuse_vacuous(RunOutcome& outcome) const {
  Verdict& base = outcome.probes[0].verdict;
  const bool vacuous = std::ranges::all_of(
      outcome.probes, [](const ProbeOutcome& probe) { return probe.footprint.empty(); });
  if (vacuous && base.kind != Verdict::Kind::kInconclusive) {
    Verdict verdict;
    verdict.kind = Verdict::Kind::kInconclusive;
    verdict.reason = checker_->name() + " read nothing from the disk";
    verdict.output = std::move(base.output);
    base = std::move(verdict);
  }
}

ProbeOutcome Judge::outcome_of(const Bench& bench, std::size_t index,
                               Judgement::Probe probe) const {
  ProbeOutcome result;
  result.name = std::move(probe.name);
  result.verdict = std::move(probe.verdict);
  forget_paths(result.verdict, bench.subject);
  for (std::uint16_t d = 0; d < bench.disks.size(); ++d) {
    for (std::uint64_t unit : bench.disks[d]->footprint(index)) {
      result.footprint.push_back(make_unit(d, unit));
    }
  }
  subtract_baseline(result.verdict);
  return result;
}

}  // namespace powercut
