// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/nested.h"

#include "base/fd.h"
#include "base/new_file.h"
#include "base/signals.h"
#include "log/format2_writer.h"
#include "replay/decider.h"
#include "replay/state_view.h"

#include <fmt/format.h>

#include <fcntl.h>

#include <map>

namespace powercut {

namespace {

// Says of a clean state that brings back something else than it should: other names, or,
// by the probes that the uninterrupted recovery had too, other data.
class SameOutcome final : public StateRunner {
 public:
  SameOutcome(StateRunner& runner, const RunOutcome& whole) : runner_(runner) {
    for (const ProbeOutcome& probe : whole.probes) {
      expected_[probe.name] = probe.verdict.outcome;
    }
  }

  std::string checker_name() const override { return runner_.checker_name(); }

  Result<RunOutcome> run(std::size_t worker, const CrashState& state) override {
    PC_ASSIGN_OR_RETURN(RunOutcome outcome, runner_.run(worker, state));
    for (ProbeOutcome& probe : outcome.probes) {
      Verdict& verdict = probe.verdict;
      const auto expected = expected_.find(probe.name);
      if (verdict.kind == Verdict::Kind::kClean && expected != expected_.end() &&
          !expected->second.empty() && verdict.outcome != expected->second) {
        verdict.kind = Verdict::Kind::kFindings;
        verdict.findings.push_back(
            Finding{"recovered otherwise",
                    "recovery of an interrupted recovery brings back something else than "
                    "recovery at once",
                    false});
      }
    }
    return outcome;
  }

 private:
  StateRunner& runner_;
  std::map<std::string, std::string> expected_;  // outcomes, by probe
};

Result<std::shared_ptr<const Recording>> open_recovery(const std::filesystem::path& log,
                                                       const CrashState& state) {
  RecordingOptions options;
  options.base_sources = {std::make_shared<const StateView>(state, 0)};
  return Recording::open(log, options);
}

Status save_view(const BlockSource& view, const std::filesystem::path& path) {
  PC_ASSIGN_OR_RETURN(Fd file, Fd::open(path, O_WRONLY | O_CREAT | O_TRUNC));
  constexpr std::size_t kPiece = 1 << 20;
  std::vector<std::byte> piece(kPiece);
  for (std::uint64_t at = 0; at < view.size_bytes(); at += kPiece) {
    const std::size_t length = std::min<std::uint64_t>(kPiece, view.size_bytes() - at);
    view.read(at, std::span(piece).first(length));
    PC_RETURN_IF_ERROR(write_fully(file, std::span(piece).first(length), at, path));
  }
  return {};
}

// Name of a state as a file: ids have '/' nowhere, but they can be long.
std::string file_name(const CrashState& state, const char* suffix) {
  constexpr std::size_t kMost = 120;
  return state.id().substr(0, kMost) + suffix;
}

Status keep_recovery(const std::filesystem::path& log, const CrashState& state,
                     const NestedOptions& options, NestedResult& result) {
  if (options.keep.empty() || result.certificate.findings.empty()) {
    return {};
  }
  std::error_code error;
  std::filesystem::create_directories(options.keep, error);
  result.log = options.keep / file_name(state, ".recovery.log");
  result.image = options.keep / file_name(state, ".img");
  std::filesystem::copy_file(log, result.log,
                             std::filesystem::copy_options::overwrite_existing, error);
  if (error) {
    return fail(ErrorKind::kSystem,
                fmt::format("cannot keep {}: {}", result.log.string(), error.message()));
  }
  return save_view(StateView(state, 0), result.image);
}

}  // namespace

Result<NestedResult> explore_recovery(Judge& judge, const CrashState& state,
                                      const RunDir& run_dir,
                                      const NestedOptions& options) {
  NestedResult result;
  result.state_id = state.id();
  const Recording& outer = state.space->recording();
  if (outer.device_count() != 1) {
    return fail(ErrorKind::kUsage,
                fmt::format("recovery of {} devices at once cannot be explored yet",
                            outer.device_count()),
                "--depth 2 needs a log of one device");
  }
  const std::filesystem::path path = run_dir.path() / "recovery.log";
  Format2Options log;
  Device device = outer.timeline().devices()[0];
  device.has_base = true;
  device.base_digest = 0;  // it is no image that could be compared
  device.size_bytes = outer.size_bytes(0);
  log.devices = {device};
  PC_ASSIGN_OR_RETURN(std::unique_ptr<Format2Writer> writer,
                      Format2Writer::create(path, log));
  PC_ASSIGN_OR_RETURN(const RunOutcome whole, judge.run_recorded(0, state, *writer));
  PC_RETURN_IF_ERROR(writer->close());
  writer.reset();
  const Verdict& verdict = whole.probes[0].verdict;
  if (verdict.kind == Verdict::Kind::kInconclusive) {
    // What a recovery would have written is not known: nothing of it is decided.
    result.certificate.inconclusive = 1;
    result.certificate.inconclusive_reasons.push_back(verdict.reason);
    result.certificate.end = EndOfRun::kInconclusive;
    return result;
  }
  if (verdict.kind != Verdict::Kind::kClean) {
    return result;
  }
  PC_ASSIGN_OR_RETURN(std::shared_ptr<const Recording> recovery,
                      open_recovery(path, state));
  result.writes = recovery->timeline().writes().size();
  result.flushes = recovery->timeline().flushes().size();
  if (result.writes == 0) {
    return result;
  }
  PC_ASSIGN_OR_RETURN(Durability built,
                      Durability::build(recovery->timeline(), options.model));
  const std::shared_ptr<const Durability> durability =
      std::make_shared<const Durability>(std::move(built));
  const std::vector<Window> windows =
      list_windows(recovery->timeline(), *durability, 0, recovery->timeline().end());
  SameOutcome runner(judge, whole);
  // Recovery may write smaller pieces than the workload did.
  const std::uint32_t unit_bytes = judge.unit_bytes();
  judge.set_unit_bytes(unit_bytes_for(recovery->timeline(), options.model));
  ExplorerOptions explorer = options.explorer;
  explorer.jobs = judge.jobs();
  explorer.oracle = nullptr;
  Decider decider(recovery, runner, judge.checker().tier(), explorer, options.inference);
  Result<Certificate> certificate = decider.decide(durability, windows);
  judge.set_unit_bytes(unit_bytes);
  if (!certificate) {
    return fail(certificate.error());
  }
  result.certificate = std::move(*certificate);
  PC_RETURN_IF_ERROR(keep_recovery(path, state, options, result));
  return result;
}

Result<std::vector<NestedResult>> explore_recoveries(
    Judge& judge, const std::vector<CrashState>& states, const RunDir& run_dir,
    const NestedOptions& options,
    const std::function<bool(const NestedResult& result)>& tell) {
  std::vector<NestedResult> results;
  for (const CrashState& state : states) {
    if (interrupted()) {
      break;
    }
    PC_ASSIGN_OR_RETURN(NestedResult result,
                        explore_recovery(judge, state, run_dir, options));
    if (interrupted()) {
      break;  // it may have been cut short
    }
    results.push_back(std::move(result));
    if (!tell(results.back())) {
      break;
    }
  }
  return results;
}

}  // namespace powercut
