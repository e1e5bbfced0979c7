// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/f2fs.h"

#include "base/subprocess.h"
#include "checkers/complaint.h"
#include "checkers/mount_verdict.h"
#include "checkers/tool_run.h"

#include <algorithm>
#include <array>
#include <utility>

namespace powercut {

namespace {

class F2fsChecker : public Checker {
 public:
  F2fsChecker(CheckerOptions options, bool has_fsck)
      : options_(std::move(options)), has_fsck_(has_fsck) {}

  std::string name() const override { return "f2fs"; }

  Tier tier() const override { return Tier::kInferred; }

  bool needs_mounter() const override { return true; }

  std::string file_system() const override { return "f2fs"; }

  Result<Judgement> run(const Subject& subject) const override {
    const MountRequest request = mount_request("f2fs", "", options_);
    PC_ASSIGN_OR_RETURN(MountReport report, mount_state(subject, request));
    Verdict verdict = verdict_of(report);
    if (has_fsck_ && can_go_on(verdict)) {
      PC_ASSIGN_OR_RETURN(
          ToolRun run,
          run_tool(subject, {"fsck.f2fs", "--dry-run", subject.disks.at(0).string()},
                   options_.timeout));
      add_tool_findings(verdict, "fsck.f2fs", run, f2fs_fsck_complaints(run.output));
    }
    return conclude(subject, request, report.tree, std::move(verdict), options_);
  }

 private:
  CheckerOptions options_;
  bool has_fsck_;
};

}  // namespace

namespace {

// Without "[update_superblock: 701] ": where in the program it was said.
std::string_view without_place(std::string_view text) {
  const std::size_t end = text.find("] ");
  const std::size_t colon = text.find(": ");
  const bool place =
      text.starts_with('[') && end != std::string_view::npos && colon < end &&
      text.substr(colon + 2, end - colon - 2).find_first_not_of("0123456789") ==
          std::string_view::npos;
  return place ? text.substr(end + 2) : text;
}

}  // namespace

std::vector<std::string> f2fs_fsck_complaints(std::string_view output) {
  constexpr std::array<std::string_view, 5> kProgress = {
      "Info:", "\"Linux version", "from \"Linux", "to \"Linux", "Done:"};
  constexpr std::string_view kAnyOther = "[FSCK] other corrupted bugs";
  std::vector<std::string> complaints;
  bool other = false;
  for (std::string_view line : lines_of(output)) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    const std::string_view text = begin == std::string_view::npos
                                      ? std::string_view()
                                      : without_place(line.substr(begin));
    const bool passed =
        text.starts_with("[FSCK]") && text.find("[Fail]") == std::string_view::npos;
    if (text.empty() || passed ||
        std::any_of(kProgress.begin(), kProgress.end(), [&](std::string_view progress) {
          return text.starts_with(progress);
        })) {
      continue;
    }
    if (text.starts_with(kAnyOther)) {
      other = true;
    } else {
      complaints.emplace_back(text);
    }
  }
  if (complaints.empty() && other) {
    complaints.emplace_back(kAnyOther);
  }
  return complaints;
}

Result<std::unique_ptr<Checker>> make_f2fs_checker(const std::string& argument,
                                                   const CheckerOptions& options) {
  PC_RETURN_IF_ERROR(no_argument("f2fs", argument));
  PC_RETURN_IF_ERROR(check_unit_bytes(options));
  const bool has_fsck = find_program("fsck.f2fs").has_value();
  return std::unique_ptr<Checker>(std::make_unique<F2fsChecker>(options, has_fsck));
}

}  // namespace powercut
