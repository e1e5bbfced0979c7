// SPDX-License-Identifier: GPL-2.0-only

#include "replay/signature.h"
#include "report/check_report.h"
#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

namespace powercut {

namespace {

std::string atomic_text(const CrashModel& model) {
  return model.atomic_bytes == 0 ? "whole writes"
                                 : fmt::format("{} bytes", model.atomic_bytes);
}

std::string end_text(const Certificate& certificate) {
  switch (certificate.end) {
    case EndOfRun::kDecided:
      return "";
    case EndOfRun::kMaxRuns:
      return "--max-runs was reached";
    case EndOfRun::kTime:
      return "--time was over";
    case EndOfRun::kStopAfter:
      return "--stop-after was reached";
    case EndOfRun::kInterrupted:
      return "it was interrupted";
    case EndOfRun::kInconclusive:
      return "the checker could not judge too many classes";
  }
  return "";
}

// How much of the permitted states was decided, rounded down.
std::string share_text(const Certificate& certificate) {
  if (certificate.states_decided == certificate.states_permitted) {
    return "all";
  }
  constexpr int kParts = 10000;
  BigCount parts = certificate.states_decided * kParts / certificate.states_permitted;
  int hundredths = parts.convert_to<int>();
  return hundredths == 0 ? "less than 0.01 %"
                         : fmt::format("{}.{:02} %", hundredths / 100, hundredths % 100);
}

// Findings of one probe exclude each other; those of two may be of the same states.
BigCount failing_states(const Certificate& certificate) {
  std::map<std::string, BigCount> by_probe;
  BigCount most = 0;
  for (const FailingClass& failing : certificate.findings) {
    most = std::max(most, by_probe[failing.probe] += failing.states);
  }
  return most;
}

bool only_the_base(const Certificate& certificate) {
  return std::all_of(certificate.findings.begin(), certificate.findings.end(),
                     [](const FailingClass& failing) { return failing.probe == "base"; });
}

}  // namespace

std::string conclusion(const Certificate& certificate) {
  if (!certificate.findings.empty()) {
    const BigCount states = failing_states(certificate);
    if (certificate.tier == Tier::kInferred) {
      return fmt::format(
          "FINDINGS: {} of {} states that were run cannot be recovered "
          "from",
          count_text(states), certificate.runs);
    }
    return fmt::format("FINDINGS: {}{} of {} decided states cannot be recovered from",
                       only_the_base(certificate) ? "" : "at least ", count_text(states),
                       count_text(certificate.states_decided)) +
           (certificate.complete()
                ? ""
                : "; not all was decided" + (end_text(certificate).empty()
                                                 ? std::string()
                                                 : ": " + end_text(certificate)));
  }
  if (certificate.inferred_all()) {
    return "clean in all that was run, and INFERRED for every window: no proof";
  }
  if (certificate.tier == Tier::kInferred) {
    return fmt::format(
        "clean as far as it went, NOT complete: of {} windows {} were "
        "inferred{}",
        certificate.windows, certificate.windows_decided,
        end_text(certificate).empty() ? "" : " because " + end_text(certificate));
  }
  if (certificate.complete()) {
    return "every permitted state is clean";
  }
  if (certificate.states_decided == 0) {
    return "NOTHING WAS DECIDED: this says nothing about the log";
  }
  std::string why = end_text(certificate);
  return fmt::format(
      "clean as far as it went, NOT complete: {} of the permitted states "
      "were not decided{}",
      count_text(certificate.states_permitted - certificate.states_decided),
      why.empty() ? "" : " because " + why);
}

namespace {

using Lines = std::vector<ReportLine>;

// What footprints prove.
void add_proved(Lines& lines, const Certificate& certificate) {
  lines.push_back(
      {"decided", fmt::format("{} states ({})", count_text(certificate.states_decided),
                              share_text(certificate))});
  lines.push_back(
      {"classes",
       fmt::format("{}, by {} and {} from what earlier runs decided", certificate.classes,
                   plural(certificate.runs, "checker run"), certificate.memo_hits)});
  if (certificate.probe_classes > 0) {
    lines.push_back({"probes", fmt::format("{} more classes, of what single probes read",
                                           certificate.probe_classes)});
  }
}

std::string inferred_text(const InferredWindow& window) {
  const std::string pending = fmt::format("{} pending: ", window.pending);
  if (!window.inferred) {
    return pending + "NOT inferred: " + window.why_not;
  }
  if (window.share == 0) {
    return pending + fmt::format("each of its {} states was run, {}",
                                 count_text(window.permitted),
                                 plural(window.outcomes, "outcome"));
  }
  return pending + fmt::format(
                       "{}, {}; {} chosen and {} random runs: with {:g} % confidence "
                       "at most {:g} % of its states differ",
                       plural(window.outcomes, "outcome"),
                       window.deciding_writes.empty()
                           ? std::string("nothing decides")
                           : fmt::format("decided by writes {}",
                                         fmt::join(window.deciding_writes, ", ")),
                       window.runs, window.random_runs, window.confidence * 100,
                       window.share * 100);
}

// What was guessed and tried. Never on one line with what is proved.
void add_inferred(Lines& lines, const Certificate& certificate) {
  lines.push_back({"proved", "nothing: this checker reads more than it uses"});
  lines.push_back({"inferred", fmt::format("{} of {}, by {}; {} of answer in all",
                                           certificate.windows_decided,
                                           plural(certificate.windows, "window"),
                                           plural(certificate.runs, "checker run"),
                                           plural(certificate.classes, "kind"))});
  constexpr std::size_t kShown = 12;
  std::size_t shown = 0;
  for (const InferredWindow& window : certificate.inferred) {
    if (shown++ == kShown) {
      lines.push_back({"", fmt::format("... {} more (--json has them all)",
                                       certificate.inferred.size() - kShown)});
      break;
    }
    lines.push_back(
        {fmt::format("window {:>3}", window.window.number), inferred_text(window)});
  }
}

// What is taken for one cause is told once.
struct FindingGroup {
  const FailingClass* first = nullptr;
  std::size_t classes = 0;
  std::set<std::string> signatures;
};

std::vector<FindingGroup> group_findings(const Certificate& certificate) {
  std::vector<FindingGroup> groups;
  std::map<std::string, std::size_t> place;
  for (const FailingClass& failing : certificate.findings) {
    const std::string signature = signature_of(failing);
    const auto [known, fresh] =
        place.try_emplace(signature_group(signature, failing.cause), groups.size());
    if (fresh) {
      groups.push_back(FindingGroup{&failing, 0, {}});
    }
    ++groups[known->second].classes;
    groups[known->second].signatures.insert(signature);
  }
  return groups;
}

// The short form; `powercut explain` has the long one.
void add_explanation(std::string& text, const Explanation& explanation) {
  std::back_insert_iterator<std::string> out = std::back_inserter(text);
  fmt::format_to(out, "           reduced:   {}\n", explanation_summary(explanation));
  for (const ExplainedWrite& write : explanation.writes) {
    fmt::format_to(out, "           write {}: {}{}{}{}{}\n", write.seq, clause_of(write),
                   write.holds.empty() ? "" : "; holds: ", write.holds,
                   write.cover.empty() ? "" : "; ", write.cover);
  }
}

void add_finding(std::string& text, const CheckContext& context,
                 const FindingGroup& group) {
  const FailingClass& failing = *group.first;
  std::back_insert_iterator<std::string> out = std::back_inserter(text);
  fmt::format_to(out, "finding    {}\n", failing.verdict.summary());
  fmt::format_to(out, "           {} in {}{}{}\n",
                 failing.states == 1 ? "1 state" : count_text(failing.states) + " states",
                 plural(failing.windows.size(), "window"),
                 failing.probe == "base" ? "" : ", by the probe " + failing.probe,
                 failing.fault == "none" ? "" : ", under the fault " + failing.fault);
  for (const std::string& line : failing.lost) {
    fmt::format_to(out, "           {}\n", line);
  }
  if (const Explanation* const explanation = context.explanation_of(failing)) {
    add_explanation(text, *explanation);
  }
  if (group.classes > 1) {
    fmt::format_to(
        out, "           and {} more classes of this kind{}\n", group.classes - 1,
        group.signatures.size() == 1 ? ""
                                     : fmt::format(", with {} other sets of complaints",
                                                   group.signatures.size() - 1));
  }
  fmt::format_to(out, "           reproduce: {}\n", reproduce_command(context, failing));
  fmt::format_to(out, "           look:      powercut mount {} --state {}{}\n",
                 context.log_path, failing.state_id, context.state_flags);
}

}  // namespace

std::string reproduce_command(const CheckContext& context, const FailingClass& failing) {
  // Another checker found it, on top of the classes of this one.
  const std::string how = failing.probe == "cross-check" ? " --checker " + failing.checker
                                                         : context.check_flags;
  return fmt::format("powercut check {} --state {}{}{}{}", context.log_path,
                     failing.state_id, context.state_flags, how, context.mount_flags);
}

std::vector<ReportLine> certificate_lines(const Certificate& certificate) {
  Lines lines;
  lines.push_back(
      {"windows", fmt::format("{}, the largest with {} pending", certificate.windows,
                              certificate.most_pending)});
  lines.push_back(
      {"permitted", fmt::format("{} states", count_text(certificate.states_permitted))});
  if (certificate.tier == Tier::kInferred) {
    add_inferred(lines, certificate);
  } else {
    add_proved(lines, certificate);
  }
  if (certificate.cross_checked > 0) {
    lines.push_back(
        {"crossed",
         fmt::format("{} of a class each, {}", plural(certificate.cross_checked, "state"),
                     certificate.cross_differences == 0
                         ? "the other recovery agrees with all"
                         : fmt::format("the other recovery differs in {}",
                                       certificate.cross_differences))});
  }
  if (certificate.audit_share > 0) {
    lines.push_back({"audit", fmt::format("{} run for real, all agree",
                                          plural(certificate.audited, "closed state"))});
  }
  return lines;
}

std::string check_text(const Recording& recording, const CrashModel& model,
                       const CheckContext& context, const Certificate& certificate) {
  std::string text;
  std::back_insert_iterator<std::string> out = std::back_inserter(text);
  const Timeline& timeline = recording.timeline();
  fmt::format_to(out, "log        {}: {}, {}, {}\n", context.log_path,
                 recording.log().description(), plural(timeline.writes().size(), "write"),
                 plural(timeline.flushes().size(), "flush"));
  fmt::format_to(out, "range      {} to {}\n", context.from, context.to);
  fmt::format_to(out, "model      {}, atomic: {}, fault: {}\n", to_string(model.device),
                 atomic_text(model), to_string(model.fault));
  fmt::format_to(out, "checker    {}, {}, seed {}\n", context.checker,
                 plural(context.jobs, "job"), context.seed);
  if (!context.mounted.empty()) {
    fmt::format_to(out, "mounted    {}\n", context.mounted);
  }
  for (const std::string& complaint : context.baseline) {
    fmt::format_to(out, "baseline   subtracted, it is there without a crash: {}\n",
                   complaint);
  }
  for (const ReportLine& line : certificate_lines(certificate)) {
    fmt::format_to(out, "{:<10} {}\n", line.label, line.text);
  }
  for (const std::string& reason : certificate.inconclusive_reasons) {
    fmt::format_to(out, "inconclusive  {}\n", reason);
  }
  if (recording.log().format() == LogFormat::k1) {
    fmt::format_to(out,
                   "note       completion order only: a subset of the permitted "
                   "states\n");
  }
  for (const std::string& note : context.notes) {
    fmt::format_to(out, "note       {}\n", note);
  }
  constexpr std::size_t kShown = 10;
  std::size_t shown = 0;
  const std::vector<FindingGroup> groups = group_findings(certificate);
  for (const FindingGroup& group : groups) {
    if (shown++ == kShown) {
      fmt::format_to(out, "... and {} more (--json has them all)\n",
                     groups.size() - kShown);
      break;
    }
    add_finding(text, context, group);
  }
  fmt::format_to(out, "verdict    {} ({:.2f} s)\n", conclusion(certificate),
                 certificate.seconds);
  return text;
}

std::string recovery_text(const CheckContext& context,
                          const std::vector<RecoveryReport>& recoveries,
                          std::size_t wanted) {
  std::string text;
  std::back_insert_iterator<std::string> out = std::back_inserter(text);
  BigCount permitted = 0;
  std::uint64_t runs = 0;
  std::size_t writing = 0;
  std::size_t whole = 0;
  std::string reason;
  std::size_t failing = 0;
  for (const RecoveryReport& recovery : recoveries) {
    const Certificate& certificate = recovery.certificate;
    permitted += certificate.states_permitted;
    runs += certificate.runs;
    writing += recovery.writes > 0 ? 1 : 0;
    // One that wrote nothing has nothing to interrupt.
    whole += certificate.complete() || certificate.inferred_all() ? 1 : 0;
    if (reason.empty() && !certificate.inconclusive_reasons.empty()) {
      reason = ", the checker could not judge: " + certificate.inconclusive_reasons[0];
    }
    failing += certificate.findings.empty() ? 0 : 1;
  }
  fmt::format_to(out,
                 "recovery   {} recorded, {} of them wrote: {} states of interrupted "
                 "recovery permitted, {}\n",
                 recoveries.size(), writing, count_text(permitted),
                 plural(runs, "checker run"));
  for (const RecoveryReport& recovery : recoveries) {
    if (recovery.certificate.findings.empty()) {
      continue;
    }
    const FailingClass& first = recovery.certificate.findings[0];
    fmt::format_to(out, "finding    in the recovery of {}: {}\n", recovery.state_id,
                   first.verdict.summary());
    if (recovery.log.empty()) {
      fmt::format_to(out, "           --keep-recoveries DIR keeps its log and image\n");
    } else {
      fmt::format_to(out,
                     "           reproduce: powercut check {} --base {} --from start "
                     "--state {}{}{}\n",
                     recovery.log, recovery.image, first.state_id, context.recovery_flags,
                     context.mount_flags);
    }
  }
  fmt::format_to(out, "recovery   {}\n",
                 failing > 0 ? fmt::format("FINDINGS in {}", plural(failing, "recovery"))
                 : whole == wanted
                     ? "interrupted anywhere, it ends clean and as if it was not"
                     : fmt::format("clean as far as it went, NOT complete: {} of {}{}",
                                   whole, wanted, reason));
  return text;
}

std::string mutation_verdict(const Mutation& mutation) {
  const Certificate& certificate = mutation.certificate;
  if (!certificate.findings.empty()) {
    return "CARRIES WEIGHT: " + certificate.findings[0].verdict.summary();
  }
  if (mutation.writes == 0) {
    return "makes nothing durable that was not";
  }
  if (certificate.complete()) {
    return "redundant here: every state without it is clean";
  }
  if (certificate.inferred_all()) {
    return "redundant here, as inferred: no state that was run without it fails";
  }
  return fmt::format("not decided: {} of {} states clean",
                     count_text(certificate.states_decided),
                     count_text(certificate.states_permitted));
}

std::string mutation_text(const CheckContext& context,
                          const std::vector<Mutation>& mutations) {
  std::string text;
  std::back_insert_iterator<std::string> out = std::back_inserter(text);
  fmt::format_to(out, "barrier mutation: each flush of {} ignored in turn\n",
                 context.log_path);
  fmt::format_to(out, "{:>5} {:>8} {:>7} {:>6}  {}\n", "flush", "entry", "writes", "runs",
                 "without it");
  std::size_t weight = 0;
  for (const Mutation& mutation : mutations) {
    weight += mutation.certificate.findings.empty() ? 0 : 1;
    fmt::format_to(out, "{:>5} {:>8} {:>7} {:>6}  {}\n", mutation.flush, mutation.seq,
                   mutation.writes, mutation.certificate.runs,
                   mutation_verdict(mutation));
  }
  fmt::format_to(out, "{} of {} carry weight\n", weight,
                 plural(mutations.size(), "flush"));
  for (const Mutation& mutation : mutations) {
    if (!mutation.certificate.findings.empty()) {
      fmt::format_to(
          out, "reproduce: powercut check {} --state {}{}\n", context.log_path,
          mutation.certificate.findings[0].state_id,
          fmt::format("{}{}{} --fault ignore-flush:{}", context.state_flags,
                      context.check_flags, context.mount_flags, mutation.flush));
      break;
    }
  }
  return text;
}

}  // namespace powercut
