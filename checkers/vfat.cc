// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/vfat.h"

#include "checkers/complaint.h"
#include "checkers/mount_verdict.h"
#include "checkers/tool_run.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace powercut {

namespace {

class VfatChecker : public Checker {
 public:
  explicit VfatChecker(CheckerOptions options) : options_(std::move(options)) {}

  std::string name() const override { return "vfat"; }

  // What files hold, and which there are, is read through a mount.
  bool needs_mounter() const override { return options_.data || options_.observe; }

  std::string file_system() const override { return "vfat"; }

  Result<Judgement> run(const Subject& subject) const override {
    PC_ASSIGN_OR_RETURN(
        ToolRun run, run_tool(subject, {"fsck.vfat", "-n", subject.disks.at(0).string()},
                              options_.timeout));
    const std::vector<std::string> complaints = vfat_fsck_complaints(run.output);
    if (run.exit_code == kFound && complaints.empty()) {
      run.exit_code = 0;  // the dirty bit alone
    }
    Verdict verdict;
    add_tool_findings(verdict, "fsck.vfat", run, complaints);
    if ((subject.mounter == nullptr && !needs_mounter()) || !can_go_on(verdict)) {
      settle(verdict, {});
      return base_only(std::move(verdict));
    }
    const MountRequest request = mount_request("vfat", "", options_);
    PC_ASSIGN_OR_RETURN(MountReport report, mount_state(subject, request));
    add_report(verdict, report);
    return conclude(subject, request, report.tree, std::move(verdict), options_);
  }

 private:
  static constexpr int kFound = 1;

  CheckerOptions options_;
};

// The dirty bit is in one copy of the boot sector only: byte 37 (FAT12, FAT16) or 65.
// `text`: "... Differences: (offset:original/backup) 65:01/00,90:00/01".
bool differs_in_dirty_bit_only(std::string_view text) {
  constexpr std::string_view kBefore = "(offset:original/backup)";
  const std::size_t begin = text.find(kBefore);
  if (begin == std::string_view::npos) {
    return false;
  }
  std::string_view rest = text.substr(begin + kBefore.size());
  rest = rest.substr(0, rest.find("Not automatically"));
  while (!rest.empty()) {
    const std::size_t end = rest.find_first_of(" ,");
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (!word.empty() && !word.starts_with("37:") && !word.starts_with("65:")) {
      return false;
    }
  }
  return true;
}

bool harmless(std::string_view block) {
  return block.starts_with("fsck.fat ") || block.starts_with("Leaving filesystem") ||
         block.starts_with("Free cluster summary ") ||
         // A machine without tables of characters: fsck.vfat has one of its own.
         block.starts_with("Cannot initialize conversion ") ||
         block.starts_with("Using internal CP") ||
         block.find("Dirty bit is set") != std::string_view::npos ||
         // The sums at the end: "<disk0>: 2 files, 2/2036 clusters".
         (block.find(" files, ") != std::string_view::npos &&
          block.ends_with(" clusters")) ||
         (block.starts_with("There are differences between boot sector") &&
          differs_in_dirty_bit_only(block));
}

// A line that goes on in the next one, which is not indented.
bool goes_on(std::string_view line) {
  return line.ends_with(" and") ||
         line.starts_with("There are differences between boot sector");
}

}  // namespace

std::vector<std::string> vfat_fsck_complaints(std::string_view output) {
  std::vector<std::string> blocks;
  bool open = false;
  for (std::string_view line : lines_of(output)) {
    const std::size_t text = line.find_first_not_of(' ');
    if (text == std::string_view::npos) {
      open = false;
      continue;
    }
    if (!blocks.empty() && (open || text != 0)) {
      blocks.back() += " ";
      blocks.back() += line.substr(text);
    } else {
      blocks.emplace_back(line.substr(text));
    }
    open = goes_on(line);
  }
  std::erase_if(blocks, harmless);
  return blocks;
}

Result<std::unique_ptr<Checker>> make_vfat_checker(const std::string& argument,
                                                   const CheckerOptions& options) {
  PC_RETURN_IF_ERROR(no_argument("vfat", argument));
  PC_RETURN_IF_ERROR(check_unit_bytes(options));
  PC_RETURN_IF_ERROR(find_tool("vfat", "fsck.vfat", "dosfstools"));
  return std::unique_ptr<Checker>(std::make_unique<VfatChecker>(options));
}

}  // namespace powercut
