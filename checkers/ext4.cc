// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/ext4.h"

#include "base/stamp.h"
#include "checkers/e2fsck.h"
#include "checkers/ext2_files.h"
#include "checkers/ext4_cross.h"
#include "checkers/mount_verdict.h"
#include "checkers/outcome.h"
#include "checkers/tool_run.h"

#include <fmt/format.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace powercut {

namespace {

class Ext4Checker : public Checker {
 public:
  explicit Ext4Checker(CheckerOptions options) : options_(std::move(options)) {}

  std::string name() const override { return "ext4"; }

  std::unique_ptr<Checker> cross_checker() const override {
    return make_ext4_cross_checker(options_);
  }

  Result<Judgement> run(const Subject& subject) const override {
    PC_ASSIGN_OR_RETURN(Verdict verdict, run_e2fsck(subject, options_.timeout));
    Judgement judgement = base_only(std::move(verdict));
    if (can_go_on(judgement.probes[0].verdict)) {
      PC_RETURN_IF_ERROR(look_at_files(subject, judgement));
    }
    return judgement;
  }

 private:
  Status look_at_files(const Subject& subject, Judgement& judgement) const {
    const bool wanted = options_.data || options_.observe;
    Result<Ext2Files> files = read_ext2_files(
        subject, 0, {options_.data ? options_.unit_bytes : 0, options_.observe});
    if (!files && files.error().kind == ErrorKind::kUsage && !wanted) {
      return {};  // the outcome is not told, and nobody asked for it
    }
    if (!files && files.error().kind == ErrorKind::kBadInput) {
      const std::string text =
          "e2fsck leaves what does not hold together: " + files.error().message;
      add_finding(judgement.probes[0].verdict, {text, text, false});
      return {};
    }
    PC_RETURN_IF_ERROR(files);
    judgement.probes[0].verdict.outcome = digest_of(files->tree);
    if (options_.observe) {
      observe_files(judgement.probes[0].verdict, std::move(files->tree));
    }
    for (std::size_t i = 0; i < files->units.size(); ++i) {
      subject.begin_probe(i + 1);
      PC_ASSIGN_OR_RETURN(Judgement::Probe probe, judge_unit(subject, files->units[i]));
      judgement.probes.push_back(std::move(probe));
    }
    return {};
  }

  Result<Judgement::Probe> judge_unit(const Subject& subject,
                                      const Ext2DataUnit& unit) const {
    PC_ASSIGN_OR_RETURN(std::vector<std::byte> bytes, read_unit(subject, 0, unit));
    const std::string path = escape_name(unit.path);
    Judgement::Probe probe;
    probe.name = fmt::format("data:{}+{}", path, unit.offset_bytes);
    const std::string problem =
        stamp_problem(bytes, unit.inode, unit.generation, unit.offset_bytes);
    if (!problem.empty()) {
      const std::string key = "stale data in " + path;
      add_finding(probe.verdict, {key, key + ": " + problem, false});
    }
    probe.verdict.outcome = outcome_of(bytes);
    if (options_.observe) {
      Observation seen;
      seen.path = unit.path;
      seen.offset_bytes = unit.offset_bytes;
      seen.bytes.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      probe.verdict.seen = std::make_shared<const Observation>(std::move(seen));
    }
    return probe;
  }

  CheckerOptions options_;
};

}  // namespace

Result<std::unique_ptr<Checker>> make_ext4_checker(const std::string& argument,
                                                   const CheckerOptions& options) {
  PC_RETURN_IF_ERROR(find_e2fsck("the ext4 checker"));
  if (argument == "cross") {
    return make_ext4_cross_checker(options);
  }
  PC_RETURN_IF_ERROR(no_argument("ext4", argument));
  PC_RETURN_IF_ERROR(check_unit_bytes(options));
  return std::unique_ptr<Checker>(std::make_unique<Ext4Checker>(options));
}

}  // namespace powercut
