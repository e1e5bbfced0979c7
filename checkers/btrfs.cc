// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/btrfs.h"

#include "checkers/complaint.h"
#include "checkers/mount_verdict.h"
#include "checkers/tool_run.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace powercut {

namespace {

class BtrfsChecker : public Checker {
 public:
  explicit BtrfsChecker(CheckerOptions options) : options_(std::move(options)) {}

  std::string name() const override { return "btrfs"; }

  bool needs_mounter() const override { return true; }

  std::string file_system() const override { return "btrfs"; }

  bool alone() const override { return true; }

  Result<Judgement> run(const Subject& subject) const override {
    const MountRequest request = mount_request("btrfs", "", options_);
    PC_ASSIGN_OR_RETURN(MountReport report, mount_state(subject, request));
    Verdict verdict = verdict_of(report);
    if (report.mount_errno == EEXIST || report.mount_errno == EBUSY) {
      make_inconclusive(verdict, "the kernel has another state of this file system");
    }
    if (can_go_on(verdict)) {
      PC_ASSIGN_OR_RETURN(ToolRun run, run_tool(subject,
                                                {"btrfs", "check", "--readonly",
                                                 subject.disks.at(0).string()},
                                                options_.timeout));
      add_tool_findings(verdict, "btrfs check", run, btrfs_check_complaints(run.output));
    }
    return conclude(subject, request, report.tree, std::move(verdict), options_);
  }

 private:
  CheckerOptions options_;
};

}  // namespace

std::vector<std::string> btrfs_check_complaints(std::string_view output) {
  constexpr std::array<std::string_view, 11> kProgress = {
      "Opening filesystem to check...",
      "Checking filesystem on ",
      "UUID: ",
      "found ",
      "total ",
      "btree space waste bytes: ",
      "file data blocks allocated: ",
      " referenced ",
      "cache and super generation don't match",
      "Rescan hasn't been initialized",
      "Counts for qgroup"};
  constexpr std::string_view kErrors = "error(s) found";
  constexpr std::string_view kSteps = "1234567";  // "[2/7] checking extents"
  std::vector<std::string> complaints;
  for (std::string_view line : lines_of(output)) {
    const bool progress =
        line.find_first_not_of(" \t") == std::string_view::npos ||
        (line.size() > 2 && line[0] == '[' && line[2] == '/' &&
         kSteps.find(line[1]) != std::string_view::npos) ||
        std::any_of(kProgress.begin(), kProgress.end(),
                    [&](std::string_view begin) { return line.starts_with(begin); });
    if (!progress) {
      complaints.emplace_back(line);
    }
  }
  if (complaints.empty() && output.find(kErrors) != std::string_view::npos) {
    complaints.emplace_back(kErrors);
  }
  return complaints;
}

Result<std::unique_ptr<Checker>> make_btrfs_checker(const std::string& argument,
                                                    const CheckerOptions& options) {
  PC_RETURN_IF_ERROR(no_argument("btrfs", argument));
  PC_RETURN_IF_ERROR(check_unit_bytes(options));
  PC_RETURN_IF_ERROR(find_tool("btrfs", "btrfs", "btrfs-progs"));
  return std::unique_ptr<Checker>(std::make_unique<BtrfsChecker>(options));
}

}  // namespace powercut
