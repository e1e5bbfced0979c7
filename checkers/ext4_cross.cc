// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/ext4_cross.h"

#include "checkers/e2fsck.h"
#include "checkers/ext2_files.h"
#include "checkers/mount_verdict.h"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace powercut {

namespace {

constexpr std::size_t kMostDifferences = 20;

class Ext4CrossChecker : public Checker {
 public:
  explicit Ext4CrossChecker(CheckerOptions options) : options_(std::move(options)) {}

  std::string name() const override { return "ext4:cross"; }

  // The kernel reads ahead, and the more the longer it has been idle.
  Tier tier() const override { return Tier::kInferred; }

  bool needs_mounter() const override { return true; }

  std::string file_system() const override { return "ext4"; }

  Result<Judgement> run(const Subject& subject) const override {
    PC_ASSIGN_OR_RETURN(Verdict repaired, run_e2fsck(subject, options_.timeout));
    if (repaired.kind == Verdict::Kind::kInconclusive) {
      return base_only(std::move(repaired));
    }
    const bool sound = repaired.kind == Verdict::Kind::kClean;
    FileTree tree;
    if (sound) {
      PC_ASSIGN_OR_RETURN(Ext2Files files, read_ext2_files(subject, 0));
      tree = std::move(files.tree);
    }
    subject.restart();
    PC_ASSIGN_OR_RETURN(MountReport report,
                        mount_state(subject, mount_request("ext4", "", options_)));
    Verdict verdict = verdict_of(report);
    add_output(verdict, "e2fsck", repaired.output);
    if (!sound) {
      forget_but_machine(verdict);
    }
    if (report.sound() && verdict.kind == Verdict::Kind::kClean) {
      PC_ASSIGN_OR_RETURN(Verdict second, run_e2fsck(subject, options_.timeout));
      add_output(verdict, "e2fsck, after the kernel's recovery", second.output);
      if (sound) {
        compare(tree, report.tree, verdict);
        add_second(second, verdict);
      } else if (second.kind == Verdict::Kind::kClean) {
        add_finding(verdict, {"recoveries differ: only e2fsck's leaves problems",
                              "recoveries differ: e2fsck finds none after the kernel's, "
                              "but after its own: " +
                                  repaired.summary(),
                              false});
      }
    }
    settle(verdict, report.tree);
    if (options_.observe) {
      observe_files(verdict, report.tree);
    }
    return base_only(std::move(verdict));
  }

 private:
  // Of a state that is not sound the kernel may say what it likes.
  static void forget_but_machine(Verdict& verdict) {
    std::erase_if(verdict.findings, [](const Finding& finding) {
      return !finding.key.starts_with(kMachineKey);
    });
    if (verdict.findings.empty() && verdict.kind == Verdict::Kind::kFindings) {
      verdict.kind = Verdict::Kind::kClean;
    }
  }

  static void add_second(const Verdict& second, Verdict& verdict) {
    if (second.kind == Verdict::Kind::kInconclusive) {
      make_inconclusive(verdict, second.reason);
    }
    for (const Finding& finding : second.findings) {
      add_finding(verdict, {"after the kernel's recovery: " + finding.key,
                            "after the kernel's recovery: " + finding.summary, false});
    }
  }

  static void compare(const FileTree& by_e2fsck, const FileTree& by_kernel,
                      Verdict& verdict) {
    for (const std::string& line : differences(by_e2fsck, by_kernel, "e2fsck's",
                                               "the kernel's", kMostDifferences)) {
      // "differs: /a", "only in e2fsck's: /a"; paths have no blanks.
      const std::size_t path = line.find(": ") + 2;
      add_finding(verdict, {"recoveries differ: " + line.substr(0, line.find(' ', path)),
                            "recoveries differ: " + line, false});
    }
  }

  CheckerOptions options_;
};

}  // namespace

std::unique_ptr<Checker> make_ext4_cross_checker(const CheckerOptions& options) {
  return std::make_unique<Ext4CrossChecker>(options);
}

}  // namespace powercut
