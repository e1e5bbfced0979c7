// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/scenario_judging.h"

#include "base/units.h"
#include "workload/claims.h"
#include "workload/ledger.h"

#include <fmt/format.h>

#include <bit>
#include <span>

namespace powercut {

std::string checker_of(const Scenario& scenario, const std::filesystem::path& verify) {
  if (!scenario.checker.empty()) {
    return scenario.checker;
  }
  if (!scenario.verify.empty()) {
    return fmt::format("files:bash -eu {}", verify.native());
  }
  return scenario.file_system.starts_with("ext") ? "ext4" : scenario.file_system;
}

void set_observing(const Scenario& scenario, CheckerOptions& options) {
  options.observe = scenario.script.empty() || !scenario.verify.empty();
  options.data = scenario.script.empty();
}

Result<std::unique_ptr<Oracle>> oracle_of(const Scenario& scenario,
                                          const Timeline& timeline) {
  std::unique_ptr<Oracle> oracle;
  if (scenario.script.empty()) {
    PC_ASSIGN_OR_RETURN(
        Promises promises,
        profile_of(scenario.file_system, scenario.mkfs_options, scenario.mount_options));
    PC_RETURN_IF_ERROR(adjust(promises, scenario.promises));
    PC_ASSIGN_OR_RETURN(oracle, Ledger::make(scenario.workload, promises, timeline));
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

}  // namespace powercut
