// SPDX-License-Identifier: GPL-2.0-only

#include "report/check_report.h"
#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

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

std::string conclusion(const Certificate& certificate) {
  if (!certificate.findings.empty()) {
    BigCount states = 0;
    for (const FailingClass& failing : certificate.findings) {
      states += failing.states;
    }
    return fmt::format("FINDINGS: {} of {} decided states cannot be recovered from",
                       count_text(states), count_text(certificate.states_decided)) +
           (certificate.complete()
                ? ""
                : "; not all was decided" + (end_text(certificate).empty()
                                                 ? std::string()
                                                 : ": " + end_text(certificate)));
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

}  // namespace

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
  for (const std::string& complaint : context.baseline) {
    fmt::format_to(out, "baseline   subtracted, it is there without a crash: {}\n",
                   complaint);
  }
  fmt::format_to(out, "windows    {}, the largest with {} pending\n", certificate.windows,
                 certificate.most_pending);
  fmt::format_to(out, "permitted  {} states\n", count_text(certificate.states_permitted));
  fmt::format_to(out, "decided    {} states ({})\n",
                 count_text(certificate.states_decided), share_text(certificate));
  fmt::format_to(out, "classes    {}, by {} and {} from what earlier runs decided\n",
                 certificate.classes, plural(certificate.runs, "checker run"),
                 certificate.memo_hits);
  if (certificate.audit_share > 0) {
    fmt::format_to(out, "audit      {} run for real, all agree\n",
                   plural(certificate.audited, "closed state"));
  }
  for (const std::string& reason : certificate.inconclusive_reasons) {
    fmt::format_to(out, "inconclusive  {}\n", reason);
  }
  if (recording.log().format() == LogFormat::k1) {
    fmt::format_to(out,
                   "note       completion order only: a subset of the permitted "
                   "states\n");
  }
  constexpr std::size_t kShown = 10;
  std::size_t shown = 0;
  for (const FailingClass& failing : certificate.findings) {
    if (shown++ == kShown) {
      fmt::format_to(out, "... and {} more (--json has them all)\n",
                     certificate.findings.size() - kShown);
      break;
    }
    fmt::format_to(out, "finding    {}\n", failing.verdict.summary());
    fmt::format_to(
        out, "           {} in {}{}\n",
        failing.states == 1 ? "1 state" : count_text(failing.states) + " states",
        plural(failing.windows.size(), "window"),
        failing.fault == "none" ? "" : ", under the fault " + failing.fault);
    fmt::format_to(out, "           reproduce: powercut check {} --state {}{}\n",
                   context.log_path, failing.state_id,
                   context.state_flags + context.check_flags);
    fmt::format_to(out, "           look:      powercut mount {} --state {}{}\n",
                   context.log_path, failing.state_id, context.state_flags);
  }
  fmt::format_to(out, "verdict    {} ({:.2f} s)\n", conclusion(certificate),
                 certificate.seconds);
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
      fmt::format_to(out, "reproduce: powercut check {} --state {}{}\n", context.log_path,
                     mutation.certificate.findings[0].state_id,
                     fmt::format("{}{} --fault ignore-flush:{}", context.state_flags,
                                 context.check_flags, mutation.flush));
      break;
    }
  }
  return text;
}

}  // namespace powercut
