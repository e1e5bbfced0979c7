// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/mount_verdict.h"

#include "base/ensure.h"
#include "base/subprocess.h"
#include "checkers/complaint.h"
#include "checkers/outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <set>
#include <utility>

namespace powercut {

namespace {

constexpr std::size_t kMaxOutput = 131072;

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string joined(const std::vector<std::string>& lines) {
  return fmt::format("{}", fmt::join(lines, "\n"));
}

}  // namespace

std::string join_options(const std::string& first, const std::string& second) {
  return first.empty() || second.empty() ? first + second : first + "," + second;
}

MountRequest mount_request(const std::string& type, const std::string& own,
                           const CheckerOptions& options) {
  MountRequest request;
  request.type = type;
  request.options = join_options(own, options.mount_options);
  request.timeout = options.timeout;
  return request;
}

Result<MountReport> mount_state(const Subject& subject, const MountRequest& request) {
  PC_ENSURE(subject.mounter != nullptr, "a mounter for a checker that mounts");
  return subject.mounter->mount(0, request, [](std::size_t /*unit*/) {});
}

void make_inconclusive(Verdict& verdict, std::string reason) {
  verdict.kind = Verdict::Kind::kInconclusive;
  verdict.findings.clear();
  verdict.outcome.clear();
  verdict.seen = nullptr;
  verdict.reason = std::move(reason);
}

bool can_go_on(const Verdict& verdict) {
  return verdict.kind != Verdict::Kind::kInconclusive &&
         std::none_of(verdict.findings.begin(), verdict.findings.end(),
                      [](const Finding& finding) { return finding.blinding; });
}

void add_finding(Verdict& verdict, Finding finding) {
  if (verdict.kind != Verdict::Kind::kInconclusive) {
    verdict.kind = Verdict::Kind::kFindings;
    verdict.findings.push_back(std::move(finding));
  }
}

void add_output(Verdict& verdict, std::string_view title, std::string_view text) {
  if (text.empty()) {
    return;
  }
  BoundedOutput output(kMaxOutput);
  output.append(verdict.output);
  output.append(fmt::format("[{}]\n{}{}", title, text, text.ends_with('\n') ? "" : "\n"));
  verdict.output = output.take();
}

Verdict verdict_of(const MountReport& report) {
  Verdict verdict;
  add_report(verdict, report);
  return verdict;
}

void add_report(Verdict& verdict, const MountReport& report, std::string_view when) {
  const std::string prefix(when);
  add_output(verdict, prefix + "the kernel", joined(report.kernel_messages));
  if (report.timed_out) {
    make_inconclusive(verdict, prefix + "the mount timed out");
    return;
  }
  if (report.machine_failure) {
    const std::string line = first_line(*report.machine_failure);
    add_output(verdict, "the end of the console", report.console_tail);
    add_finding(verdict, {std::string(kMachineKey) + prefix + complaint_key(line),
                          prefix + line, true});
  }
  if (report.mount_errno != 0) {
    const std::string text =
        fmt::format("{}cannot mount: {}", prefix, std::strerror(report.mount_errno));
    add_finding(verdict, {text, text, true});
  }
  for (const std::string& problem : report.problems) {
    add_finding(verdict, {prefix + problem, prefix + problem, false});
  }
  for (const std::string& message : report.kernel_messages) {
    if (kernel_complains(message)) {
      add_finding(verdict, {fmt::format("{}kernel: {}", prefix, complaint_key(message)),
                            fmt::format("{}kernel: {}", prefix, message), false});
    }
  }
}

void settle(Verdict& verdict, const FileTree& tree) {
  if (verdict.kind == Verdict::Kind::kInconclusive) {
    return;
  }
  std::vector<Finding>& findings = verdict.findings;
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) {
                     return std::pair(!a.blinding, a.key) < std::pair(!b.blinding, b.key);
                   });
  std::set<std::string> seen;
  std::erase_if(findings,
                [&](const Finding& finding) { return !seen.insert(finding.key).second; });
  verdict.outcome = outcome_of(tree, findings);
}

void observe_files(Verdict& verdict, FileTree tree) {
  if (can_go_on(verdict)) {
    Observation seen;
    seen.files = true;
    seen.tree = std::move(tree);
    verdict.seen = std::make_shared<const Observation>(std::move(seen));
  }
}

namespace {

std::shared_ptr<const Observation> observation_of(DataUnit unit) {
  Observation seen;
  seen.path = std::move(unit.path);
  seen.offset_bytes = unit.offset_bytes;
  seen.bytes = std::move(unit.bytes);
  seen.error = unit.error;
  return std::make_shared<const Observation>(std::move(seen));
}

Judgement::Probe data_probe(const DataUnit& unit) {
  const std::string path = escape_name(unit.path);
  Judgement::Probe probe;
  probe.name = fmt::format("data:{}+{}", path, unit.offset_bytes);
  if (unit.error != 0) {
    const std::string text =
        fmt::format("cannot read {}: {}", path, std::strerror(unit.error));
    add_finding(probe.verdict, {text, fmt::format("{} at {}", text, unit.offset_bytes)});
  } else if (!unit.problem.empty()) {
    const std::string text = "stale data in " + path;
    add_finding(probe.verdict, {text, text + ": " + unit.problem});
  }
  probe.verdict.outcome =
      unit.error != 0 ? fmt::format("error {}", unit.error) : unit.digest;
  return probe;
}

}  // namespace

Status add_data_probes(const Subject& subject, MountRequest request, const FileTree& tree,
                       Judgement& judgement) {
  PC_ENSURE(request.data_unit_bytes != 0, "units of data have a length");
  if (!can_go_on(judgement.probes.at(0).verdict)) {
    return {};
  }
  request.options = join_options(request.options, "ro");
  request.walk = false;
  PC_ASSIGN_OR_RETURN(MountReport report,
                      subject.mounter->mount(0, request, [&](std::size_t unit) {
                        subject.begin_probe(unit + 1);
                      }));
  const std::vector<std::string> said = std::exchange(report.kernel_messages, {});
  Verdict& base = judgement.probes[0].verdict;
  add_output(base, "the kernel, when data were read", joined(said));
  add_report(base, report, "reading data: ");
  if (base.kind == Verdict::Kind::kInconclusive) {
    return {};
  }
  settle(base, tree);
  for (DataUnit& unit : report.data) {
    judgement.probes.push_back(data_probe(unit));
    if (request.want_bytes) {
      judgement.probes.back().verdict.seen = observation_of(std::move(unit));
    }
  }
  return {};
}

Result<Judgement> conclude(const Subject& subject, MountRequest request,
                           const FileTree& tree, Verdict verdict,
                           const CheckerOptions& options) {
  settle(verdict, tree);
  if (options.observe) {
    observe_files(verdict, tree);
  }
  Judgement judgement = base_only(std::move(verdict));
  if (options.data) {
    request.data_unit_bytes = options.unit_bytes;
    request.want_bytes = options.observe;
    PC_RETURN_IF_ERROR(add_data_probes(subject, std::move(request), tree, judgement));
  }
  return judgement;
}

}  // namespace powercut
