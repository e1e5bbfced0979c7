// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/e2fsck.h"

#include "base/fd.h"
#include "base/subprocess.h"
#include "checkers/complaint.h"
#include "checkers/e2fsck_log.h"

#include <fmt/format.h>

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <string_view>

namespace powercut {

namespace {

// Exit code bits of e2fsck(8).
constexpr int kCorrected = 1;
constexpr int kReboot = 2;
constexpr int kUncorrected = 4;
constexpr int kOperational = 8;

// Problems that every recovery may rightly meet: free inodes and free blocks counts of
// the superblock (updated lazily), orphaned inodes to clear or truncate, and where the
// orphans are in a file of their own (orphan_file), that file with its old entries.
constexpr std::array<std::string_view, 6> kNoFix = {"0x05000d", "0x05000f", "0x000020",
                                                    "0x000021", "0x06000c", "0x06000d"};

// Once a worker: the directory is the worker's own.
Status write_config(const std::filesystem::path& config,
                    const std::filesystem::path& problems) {
  if (std::filesystem::exists(config)) {
    return {};
  }
  std::string text = fmt::format(
      "[options]\n"
      "\tproblem_log_filename = {}\n"
      "\tbroken_system_clock = true\n"
      "[problems]\n",
      problems.string());
  for (std::string_view code : kNoFix) {
    text += fmt::format("\t{} = {{\n\t\tnot_a_fix = true\n\t}}\n", code);
  }
  PC_ASSIGN_OR_RETURN(Fd fd, Fd::open(config, O_WRONLY | O_CREAT | O_TRUNC));
  return write_fully(fd, std::as_bytes(std::span(text)), 0, config);
}

bool no_fix(const E2fsckProblem& problem) {
  return std::find(kNoFix.begin(), kNoFix.end(), problem.code) != kNoFix.end();
}

// It catches its own deadly signals and gives the code of an operational error.
std::string reason_of(const std::string& output) {
  const std::size_t died = output.find("\nSignal (");
  if (died == std::string::npos) {
    return first_complaint(output);
  }
  return "it died, " + output.substr(died + 1, output.find(" si_code", died) - died - 1);
}

Verdict judge(const ExitState& state, const E2fsckLog& log) {
  Verdict verdict;
  verdict.output = without_addresses(state.output);
  if (state.timed_out || state.interrupted || state.signal) {
    verdict.kind = Verdict::Kind::kInconclusive;
    verdict.reason = "e2fsck: " + to_string(state);
    return verdict;
  }
  int code = *state.code;
  if (code == 0) {
    return verdict;
  }
  bool known = (code & ~(kCorrected | kReboot | kUncorrected | kOperational)) == 0;
  // "Operational" is also what e2fsck says of a file system it cannot open; then the
  // problem log names the problem.
  if (!known || ((code & kOperational) != 0 && log.problems.empty())) {
    verdict.kind = Verdict::Kind::kInconclusive;
    verdict.reason =
        fmt::format("e2fsck gave exit code {}: {}", code, reason_of(state.output));
    return verdict;
  }
  verdict.kind = Verdict::Kind::kFindings;
  bool any_fixed = false;
  for (const E2fsckProblem& problem : log.problems) {
    any_fixed = any_fixed || problem.fixed;
  }
  for (const E2fsckProblem& problem : log.problems) {
    if (problem.fixed || (!any_fixed && !no_fix(problem))) {
      verdict.findings.push_back(
          Finding{problem.key(), problem.summary(), (code & kOperational) != 0});
    }
  }
  std::string complaint = first_complaint(state.output);
  if (verdict.findings.empty()) {
    verdict.findings.push_back(
        Finding{fmt::format("exit {}: {}", code, complaint),
                fmt::format("{} (e2fsck exit code {})", complaint, code),
                (code & kOperational) != 0});
  } else if (!complaint.empty()) {
    verdict.findings[0].summary =
        fmt::format("{} ({})", complaint, verdict.findings[0].summary);
  }
  return verdict;
}

}  // namespace

Status find_e2fsck(const std::string& who) {
  if (!find_program("e2fsck")) {
    return fail(ErrorKind::kMissing, who + " needs e2fsck, which is not there",
                "install it: apt-get install e2fsprogs");
  }
  return {};
}

Result<Verdict> run_e2fsck(const Subject& subject, std::chrono::milliseconds timeout) {
  std::filesystem::path config = subject.scratch / "e2fsck.conf";
  std::filesystem::path problems = subject.scratch / "problems.log";
  PC_RETURN_IF_ERROR(write_config(config, problems));
  std::error_code ignored;
  std::filesystem::remove(problems, ignored);
  SubprocessOptions command;
  command.argv = {"e2fsck", "-fy", subject.disks.at(0).string()};
  command.environment = {{"E2FSCK_CONFIG", config.string()}, {"LC_ALL", "C"}};
  command.timeout = timeout;
  PC_ASSIGN_OR_RETURN(ExitState state, run_subprocess(command));
  return judge(state, read_e2fsck_log(problems));
}

}  // namespace powercut
