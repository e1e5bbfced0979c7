// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/usable.h"

#include "checkers/mount_verdict.h"
#include "checkers/tool_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace powercut {

namespace {

class UsableChecker : public Checker {
 public:
  UsableChecker(std::string type, CheckerOptions options)
      : type_(std::move(type)), options_(std::move(options)) {}

  std::string name() const override { return "usable:" + type_; }

  Tier tier() const override { return Tier::kInferred; }

  bool needs_mounter() const override { return true; }

  std::string file_system() const override { return type_; }

  // See btrfs.h.
  bool alone() const override { return type_ == "btrfs"; }

  Result<Judgement> run(const Subject& subject) const override {
    MountRequest request = mount_request(type_, type_ == "xfs" ? "nouuid" : "", options_);
    request.use = true;
    PC_ASSIGN_OR_RETURN(MountReport first, mount_state(subject, request));
    Verdict verdict = verdict_of(first);
    request.use = false;
    if (can_go_on(verdict)) {
      PC_ASSIGN_OR_RETURN(MountReport again, mount_state(subject, request));
      add_report(verdict, again, "after use: ");
    }
    return conclude(subject, request, first.tree, std::move(verdict), options_);
  }

 private:
  std::string type_;
  CheckerOptions options_;
};

}  // namespace

Result<std::unique_ptr<Checker>> make_usable_checker(const std::string& argument,
                                                     const CheckerOptions& options) {
  const bool plain = std::all_of(argument.begin(), argument.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
  });
  if (argument.empty() || !plain) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("the usable checker needs a type of file system, not '{}'", argument),
        "for example: --checker usable:ext4");
  }
  PC_RETURN_IF_ERROR(check_unit_bytes(options));
  return std::unique_ptr<Checker>(std::make_unique<UsableChecker>(argument, options));
}

}  // namespace powercut
