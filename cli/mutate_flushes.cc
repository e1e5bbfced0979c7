// SPDX-License-Identifier: GPL-2.0-only

#include "cli/mutate_flushes.h"

#include "base/signals.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/progress_line.h"
#include "replay/decider.h"

#include <algorithm>
#include <memory>

namespace powercut {

namespace {

// The instants at which ignoring a flush permits states that were not permitted.
struct Affected {
  std::size_t writes = 0;
  Cut from = 0;
  Cut to = 0;
};

Affected affected_by(const CheckSession& session, const Durability& sound,
                     const Durability& mutated) {
  Affected affected;
  affected.from = session.to;
  for (WriteIndex i = 0; i < session.recording->timeline().writes().size(); ++i) {
    if (sound.durable_at(i) == mutated.durable_at(i)) {
      continue;
    }
    ++affected.writes;
    affected.from = std::min(affected.from, sound.durable_at(i) + 1);
    affected.to = std::max(affected.to, std::min(mutated.durable_at(i), session.to));
  }
  affected.from = std::max(affected.from, session.from);
  affected.to = std::max(affected.to, affected.from);
  return affected;
}

}  // namespace

int mutate_flushes(CheckSession& session, const Arguments& arguments) {
  constexpr std::uint64_t kRunsAFlush = 2000;
  const Timeline& timeline = session.recording->timeline();
  if (session.model.fault.kind != FaultModel::Kind::kNone) {
    throw Failure(Error{ErrorKind::kUsage, "--mutate-flushes is a fault of its own",
                        "leave out --fault"});
  }
  Durability sound = value_or_throw(Durability::build(timeline, session.model));
  ProgressLine line;
  ExplorerOptions options = explorer_options(arguments);
  options.jobs = session.context.jobs;
  options.oracle = session.oracle.get();
  options.stop_after = std::max<std::uint64_t>(options.stop_after, 1);
  options.max_runs = options.max_runs == 0 ? kRunsAFlush : options.max_runs;
  options.on_progress = [&](const Progress& progress) { line.show(progress); };
  // One decider for all: what one mutation decided, the next does not run again.
  Decider decider(session.recording, *session.judge, session.judge->checker().tier(),
                  options, inference_options(arguments));
  std::vector<Mutation> mutations;
  std::uint64_t number = 0;
  for (const Flush& flush : timeline.flushes()) {
    if (flush.complete == kNever) {
      continue;
    }
    ++number;
    if (flush.complete < session.from || flush.complete >= session.to) {
      continue;
    }
    Mutation mutation;
    mutation.flush = number;
    mutation.seq = timeline.seq_at(flush.submit);
    CrashModel model = session.model;
    model.fault = FaultModel{FaultModel::Kind::kIgnoreFlush, number};
    std::shared_ptr<const Durability> durability = std::make_shared<const Durability>(
        value_or_throw(Durability::build(timeline, model)));
    Affected affected = affected_by(session, sound, *durability);
    mutation.writes = affected.writes;
    if (affected.writes > 0) {
      static const std::vector<EventPos> kNone;
      mutation.certificate = value_or_throw(decider.decide(
          durability,
          list_windows(timeline, *durability, affected.from, affected.to,
                       session.oracle ? session.oracle->boundaries() : kNone)));
    }
    mutations.push_back(std::move(mutation));
    if (interrupted()) {
      break;
    }
  }
  line.clear();
  write_report(
      arguments, mutation_text(session.context, mutations),
      mutation_json(*session.recording, session.model, session.context, mutations));
  return interrupted() ? kExitInterrupted : mutations.empty() ? kExitHarness : kExitClean;
}

}  // namespace powercut
