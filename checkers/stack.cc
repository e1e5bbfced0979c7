// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/stack.h"

#include "checkers/command.h"
#include "checkers/complaint.h"
#include "checkers/files.h"
#include "checkers/mount_verdict.h"
#include "checkers/outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace powercut {

namespace {

constexpr int kCannotJudge = 75;  // EX_TEMPFAIL of sysexits.h
constexpr std::size_t kLastLines = 3;
constexpr std::size_t kMostFaults = 16;  // of a part
constexpr std::string_view kFault = "fault: ";

std::string last_lines(const std::string& output) {
  std::vector<std::string_view> last;
  const std::vector<std::string_view> lines = lines_of(output);
  for (std::size_t i = lines.size(); i-- > 0 && last.size() < kLastLines;) {
    if (!lines[i].empty() && !lines[i].starts_with("have ")) {
      last.push_back(lines[i]);
    }
  }
  return fmt::format("{}", fmt::join(last.rbegin(), last.rend(), " | "));
}

class StackChecker : public Checker {
 public:
  StackChecker(std::string text, ScriptRequest request, CheckerOptions options)
      : text_(std::move(text)), request_(std::move(request)), options_(options) {
    request_.timeout = options.timeout;
  }

  std::string name() const override { return "stack:" + text_; }

  Tier tier() const override { return options_.tier.value_or(Tier::kProved); }

  bool needs_mounter() const override { return true; }

  Result<Judgement> run(const Subject& subject) const override {
    if (subject.disks.size() != request_.disk_names.size()) {
      return fail(ErrorKind::kUsage,
                  fmt::format("the log has {} devices, and the stack is made of {}: {}",
                              subject.disks.size(), request_.disk_names.size(),
                              fmt::join(request_.disk_names, " ")),
                  "each device of the log gets a name, in the order of `powercut log "
                  "info`");
    }
    PC_ASSIGN_OR_RETURN(const ScriptReport report,
                        subject.mounter->run_script(request_, subject.begin_probe));
    Judgement judgement;
    for (const ScriptPart& part : report.parts) {
      judgement.probes.push_back({part.label, verdict_of_part(part)});
    }
    if (report.too_many_parts) {
      make_inconclusive(judgement.probes.back().verdict,
                        fmt::format("the script announced more than {} parts",
                                    judgement.probes.size() - 1));
    }
    if (judgement.probes.empty()) {
      judgement.probes.push_back({"base", {}});
    }
    judgement.probes[0].name = "base";
    add_labels(report, judgement);
    add_end(report, judgement);
    return judgement;
  }

 private:
  static Verdict verdict_of_part(const ScriptPart& part) {
    Verdict verdict;
    verdict.output = part.output;
    std::size_t faults = 0;
    for (const std::string_view line : lines_of(part.output)) {
      if (line.starts_with(kFault) && ++faults <= kMostFaults) {
        const std::string text(line.substr(kFault.size()));
        add_finding(verdict, {text, text, false});
      }
    }
    verdict.outcome = outcome_of(std::as_bytes(std::span(part.output)));
    Observation seen;
    seen.claims_made = true;
    seen.claims = claims_in(part.output);
    if (!part.label.empty()) {
      seen.claim_labels = {part.label};
    }
    verdict.seen = std::make_shared<const Observation>(std::move(seen));
    if (part.cut) {
      // A fault is one, whatever else was printed; of what is missing nothing is known.
      verdict.seen = nullptr;
      if (faults == 0) {
        make_inconclusive(verdict,
                          "the script printed more than is read of one part: print less, "
                          "or announce more parts");
      }
    }
    return verdict;
  }

  // The base knows which probes there are.
  static void add_labels(const ScriptReport& report, Judgement& judgement) {
    if (report.parts.size() < 2 || judgement.probes[0].verdict.seen == nullptr) {
      return;
    }
    Observation seen = *judgement.probes[0].verdict.seen;
    for (std::size_t i = 1; i < report.parts.size(); ++i) {
      seen.claim_labels.push_back(report.parts[i].label);
    }
    judgement.probes[0].verdict.seen =
        std::make_shared<const Observation>(std::move(seen));
  }

  // How it ended is the word of the part in which it did.
  void add_end(const ScriptReport& report, Judgement& judgement) const {
    Verdict& last = judgement.probes.back().verdict;
    std::string kernel;
    for (const std::string& line : report.kernel_messages) {
      kernel += line + "\n";
    }
    if (!kernel.empty()) {
      add_output(judgement.probes[0].verdict, "kernel", kernel);
    }
    if (report.machine_failure) {
      add_output(last, "console", report.console_tail);
      add_finding(last,
                  {std::string(kMachineKey) + complaint_key(*report.machine_failure),
                   *report.machine_failure, true});
      last.seen = nullptr;  // what it did not come to is not missing
    } else if (report.timed_out) {
      add_output(last, "console", report.console_tail);
      make_inconclusive(last, fmt::format("the script did not end within {} ms",
                                          request_.timeout.count()));
    } else if (report.signal) {
      make_inconclusive(last, fmt::format("signal {} ended the script", *report.signal));
    } else if (report.code == kCannotJudge) {
      make_inconclusive(last, fmt::format("the script cannot judge this state: {}",
                                          last_lines(last.output)));
    } else if (report.code != 0) {
      const std::string said = last_lines(last.output);
      const std::string text =
          fmt::format("the script gave exit code {}{}{}", report.code.value_or(-1),
                      said.empty() ? "" : ": ", said);
      if (judgement.probes.size() > 1) {
        make_inconclusive(last, text +
                                    " (behind the first probe it has to come to its "
                                    "end, and to print \"fault: TEXT\")");
        return;
      }
      add_finding(last, {complaint_key(text), text, true});
      last.seen = nullptr;
    }
  }

  std::string text_;
  ScriptRequest request_;
  CheckerOptions options_;
};

bool is_variable(const std::string& name) {
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

}  // namespace

Result<std::unique_ptr<Checker>> make_stack_checker(const std::string& argument,
                                                    const CheckerOptions& options) {
  PC_ASSIGN_OR_RETURN(const std::vector<std::string> words, split_words(argument));
  if (words.size() < 2) {
    return fail(ErrorKind::kUsage,
                "the stack checker needs a script and a name for each device of the log",
                "for example: --checker 'stack:verify.sh meta data' --mount guest");
  }
  if (options.data) {
    return fail(ErrorKind::kUsage, "the stack checker does not read what files hold",
                "leave out --data, or have the script read them");
  }
  ScriptRequest request;
  std::ifstream in(words[0]);
  request.text.assign(std::istreambuf_iterator<char>(in), {});
  if (!in || request.text.empty()) {
    return fail(ErrorKind::kUsage, fmt::format("no script in {}", words[0]),
                "stack:SCRIPT NAME...: SCRIPT is a file for bash");
  }
  request.disk_names.assign(words.begin() + 1, words.end());
  std::set<std::string> names;
  for (const std::string& name : request.disk_names) {
    if (!is_variable(name) || !names.insert(name).second) {
      return fail(ErrorKind::kUsage, fmt::format("'{}' is no name for a disk", name),
                  "letters, digits and _; each another one");
    }
  }
  return std::unique_ptr<Checker>(
      std::make_unique<StackChecker>(argument, std::move(request), options));
}

}  // namespace powercut
