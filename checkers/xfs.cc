// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/xfs.h"

#include "checkers/complaint.h"
#include "checkers/mount_verdict.h"
#include "checkers/tool_run.h"

#include <algorithm>
#include <array>
#include <utility>

namespace powercut {

namespace {

class XfsChecker : public Checker {
 public:
  explicit XfsChecker(CheckerOptions options) : options_(std::move(options)) {}

  std::string name() const override { return "xfs"; }

  Tier tier() const override { return Tier::kInferred; }

  bool needs_mounter() const override { return true; }

  std::string file_system() const override { return "xfs"; }

  Result<Judgement> run(const Subject& subject) const override {
    const MountRequest request = mount_request("xfs", "nouuid", options_);
    PC_ASSIGN_OR_RETURN(MountReport report, mount_state(subject, request));
    Verdict verdict = verdict_of(report);
    if (can_go_on(verdict)) {
      // -P: no prefetching, which reads more and not always the same. A file system of
      // one group has no second superblock to compare with: force_geometry takes that.
      PC_ASSIGN_OR_RETURN(ToolRun run,
                          run_tool(subject,
                                   {"xfs_repair", "-n", "-P", "-o", "force_geometry",
                                    subject.disks.at(0).string()},
                                   options_.timeout));
      add_tool_findings(verdict, "xfs_repair", run, xfs_repair_complaints(run.output));
    }
    return conclude(subject, request, report.tree, std::move(verdict), options_);
  }

 private:
  CheckerOptions options_;
};

}  // namespace

std::vector<std::string> xfs_repair_complaints(std::string_view output) {
  constexpr std::string_view kDirtyLog = "valuable metadata changes in a log";
  // The last three: it asks the file system on which the image lies for its geometry, and
  // tells that this is no XFS.
  constexpr std::array<std::string_view, 6> kProgress = {
      "Phase ",
      "        - ",
      "No modify flag set, skipping",
      "Cannot get host filesystem geometry.",
      "Repair may fail if there is a sector size mismatch between",
      "the image and the host filesystem."};
  std::vector<std::string> complaints;
  for (std::string_view line : lines_of(output)) {
    if (line.find(kDirtyLog) != std::string_view::npos) {
      return {"the log is dirty after a clean unmount"};
    }
    const bool progress =
        line.find_first_not_of(" \t") == std::string_view::npos ||
        std::any_of(kProgress.begin(), kProgress.end(),
                    [&](std::string_view begin) { return line.starts_with(begin); });
    if (!progress) {
      complaints.emplace_back(line.substr(line.find_first_not_of(" \t")));
    }
  }
  return complaints;
}

Result<std::unique_ptr<Checker>> make_xfs_checker(const std::string& argument,
                                                  const CheckerOptions& options) {
  PC_RETURN_IF_ERROR(no_argument("xfs", argument));
  PC_RETURN_IF_ERROR(check_unit_bytes(options));
  PC_RETURN_IF_ERROR(find_tool("xfs", "xfs_repair", "xfsprogs"));
  return std::unique_ptr<Checker>(std::make_unique<XfsChecker>(options));
}

}  // namespace powercut
