// SPDX-License-Identifier: GPL-2.0-only

#include "cli/explain_findings.h"

#include "base/signals.h"
#include "cli/explanation_of.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace powercut {

namespace {

// More than these nobody reads one by one; what they have in common is told by then.
constexpr std::size_t kMostExplained = 200;

// Those of one cut behind each other: they share what is known of its states.
std::vector<FailingClass*> by_cut(Certificate& certificate) {
  std::vector<FailingClass*> all;
  for (FailingClass& failing : certificate.findings) {
    // Another checker found it, on top of the classes of this one.
    if (failing.probe != "cross-check") {
      all.push_back(&failing);
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const FailingClass* a, const FailingClass* b) {
                     return a->window.cut < b->window.cut;
                   });
  return all;
}

}  // namespace

CrashState state_called(const CheckSession& session, const std::string& id) {
  const Timeline& timeline = session.recording->timeline();
  const StateIdHead head = value_or_throw(parse_state_head(id, timeline.end()));
  const auto durability = std::make_shared<const Durability>(
      value_or_throw(Durability::build(timeline, session.model)));
  const std::shared_ptr<const StateSpace> space =
      value_or_throw(StateSpace::build(session.recording, durability, head.cut));
  return value_or_throw(state_from_id(space, id));
}

std::unique_ptr<Explainer> explainer_of(const CheckSession& session,
                                        const Arguments& arguments, StateRunner& runner,
                                        CheckResults* results) {
  ExplainOptions options;
  options.model = session.model;
  options.oracle = session.oracle.get();
  options.proved = session.judge->checker().tier() == Tier::kProved;
  const std::uint64_t most = arguments.values["max-runs"].as<std::uint64_t>();
  options.max_runs = most == 0 ? options.max_runs : most;
  if (results != nullptr) {
    options.teach = [results](const std::shared_ptr<const StateSpace>& space,
                              KnownStates& known) {
      return results->teach(space, known);
    };
  }
  return std::make_unique<Explainer>(runner, std::move(options));
}

void add_explain_option(po::options_description& options) {
  options.add_options()("explain",
                        "reduce each finding to the writes that are to blame, and name "
                        "them (`powercut explain` does it for one)");
}

void explain_findings(CheckSession& session, const Arguments& arguments,
                      StateRunner& runner, CheckResults* results,
                      Certificate& certificate) {
  const std::unique_ptr<Explainer> explainer =
      explainer_of(session, arguments, runner, results);
  CheckContext& context = session.context;
  std::size_t explained = 0;
  std::optional<CrashState> last;
  for (FailingClass* const failing : by_cut(certificate)) {
    if (explained == kMostExplained) {
      context.notes.push_back(
          fmt::format("the first {} findings were explained, the rest not", explained));
      break;
    }
    // The space of a cut is built once.
    std::optional<CrashState> state;
    if (last && last->space->cut() == failing->window.cut) {
      Result<CrashState> same = state_from_id(last->space, failing->state_id);
      state = same ? std::optional(std::move(*same)) : std::nullopt;
    }
    last = state ? std::move(*state) : state_called(session, failing->state_id);
    const Result<ExplainedState> result = explainer->explain(*last, failing->probe);
    if (interrupted()) {
      certificate.end = EndOfRun::kInterrupted;
      break;
    }
    if (!result) {
      context.notes.push_back(fmt::format("{} was not explained: {}", failing->state_id,
                                          result.error().message));
      continue;
    }
    ++explained;
    failing->cause = result->cause();
    context.explanations.emplace(std::pair(failing->state_id, failing->probe),
                                 explanation_of(context, failing->state_id, *result));
  }
}

}  // namespace powercut
