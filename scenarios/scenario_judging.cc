// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/scenario_judging.h"

#include "base/units.h"
#include "replay/state_view.h"
#include "replay/where.h"
#include "scenarios/stack_guest.h"
#include "workload/claims.h"
#include "workload/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

namespace powercut {

namespace {

bool acknowledges(const Timeline& timeline) {
  return std::ranges::any_of(
      timeline.marks(), [](const Mark& mark) { return mark.text.starts_with("ack "); });
}

}  // namespace

std::uint64_t findings_enough(const Expectation& expected) {
  constexpr std::uint64_t kEnough = 16;
  return expected.finding && expected.text.empty() ? 1 : kEnough;
}

std::string checker_of(const Scenario& scenario, const std::filesystem::path& verify) {
  if (!scenario.checker.empty()) {
    return scenario.checker;
  }
  if (!scenario.disks.empty()) {
    return fmt::format("stack:{} {}", verify.native(), disk_names(scenario));
  }
  if (!scenario.verify.empty()) {
    return fmt::format("files:bash -eu {}", verify.native());
  }
  if (scenario.file_system == "none") {
    return "raw";
  }
  return scenario.file_system.starts_with("ext") ? "ext4" : scenario.file_system;
}

std::uint32_t data_unit_of(const Scenario& scenario, std::uint32_t unit_bytes) {
  constexpr std::uint32_t kLeastDataUnit = 4096;
  return scenario.file_system == "none" ? unit_bytes
                                        : std::max(kLeastDataUnit, unit_bytes);
}

void set_observing(const Scenario& scenario, CheckerOptions& options) {
  options.observe = scenario.script.empty() || !scenario.verify.empty();
  options.data = scenario.script.empty();
  if (scenario.inferred) {
    options.tier = Tier::kInferred;
  }
}

Result<std::unique_ptr<Oracle>> oracle_of(const Scenario& scenario,
                                          const std::shared_ptr<const Recording>& log) {
  const Timeline& timeline = log->timeline();
  std::unique_ptr<Oracle> oracle;
  if (scenario.script.empty()) {
    PC_ASSIGN_OR_RETURN(
        Promises promises,
        profile_of(scenario.file_system, scenario.mkfs_options, scenario.mount_options));
    PC_RETURN_IF_ERROR(adjust(promises, scenario.promises));
    std::shared_ptr<const BlockSource> disk;
    if (scenario.file_system == "none") {
      PC_ASSIGN_OR_RETURN(const Cut begun, find_cut(timeline, "mark:begin"));
      disk = linear_view(log, begun, 0);
    }
    PC_ASSIGN_OR_RETURN(
        oracle, Ledger::make(scenario.workload, promises, timeline, std::move(disk)));
  } else if (!scenario.disks.empty() && !acknowledges(timeline)) {
    return oracle;  // what its verify says is all there is to judge
  } else if (!scenario.verify.empty()) {
    // Its marks are numbers of operations, and no names of what was acknowledged.
    const std::span<const Mark> marks = timeline.marks();
    if (!marks.empty() && marks.front().text == "begin") {
      return fail(
          ErrorKind::kBadInput,
          fmt::format("the log is one of a workload, and {} has a script", scenario.name),
          "was the log recorded with another version of the scenario?");
    }
    PC_ASSIGN_OR_RETURN(oracle, ClaimsOracle::make(timeline));
  }
  return oracle;
}

Result<CrashModel> model_of(const Scenario& scenario, std::uint32_t block_bytes) {
  CrashModel model;
  model.atomic_bytes = block_bytes;
  if (scenario.atomic == "write") {
    model.atomic_bytes = 0;
  } else if (!scenario.atomic.empty() && scenario.atomic != "block") {
    constexpr std::uint64_t kSmallest = 512;
    constexpr std::uint64_t kLargest = 65536;
    PC_ASSIGN_OR_RETURN(const std::uint64_t bytes, parse_bytes(scenario.atomic));
    if (!std::has_single_bit(bytes) || bytes < kSmallest || bytes > kLargest) {
      return fail(
          ErrorKind::kUsage,
          fmt::format("{}: '{}' is no atomic unit", scenario.name, scenario.atomic),
          "atomic is block, write, or a power of two from 512 to 65536");
    }
    model.atomic_bytes = static_cast<std::uint32_t>(bytes);
  }
  if (!scenario.model.empty()) {
    PC_ASSIGN_OR_RETURN(model.device, parse_device_model(scenario.model));
  }
  if (!scenario.fault.empty()) {
    PC_ASSIGN_OR_RETURN(model.fault, parse_fault(scenario.fault));
  }
  return model;
}

Result<CrashModel> recovery_model_of(const Scenario& scenario, CrashModel model) {
  model.fault = {};
  if (!scenario.recovery_fault.empty()) {
    PC_ASSIGN_OR_RETURN(model.fault, parse_fault(scenario.recovery_fault));
  }
  return model;
}

}  // namespace powercut
