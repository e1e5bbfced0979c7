// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/owner_tool.h"

#include "base/subprocess.h"
#include "checkers/program_run.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace powercut {

Status find_owner_tool(const std::string& program, const std::string& package) {
  if (!find_program(program)) {
    return fail(ErrorKind::kMissing,
                fmt::format("{} is missing (package {})", program, package));
  }
  return {};
}

Result<OwnerToolRun> run_owner_tool(std::vector<std::string> argv,
                                    const std::filesystem::path& working_directory) {
  const std::string name = argv.at(0);
  PC_ASSIGN_OR_RETURN(ProgramRun run, run_program(std::move(argv), working_directory,
                                                  std::chrono::minutes(2)));
  if (run.state.interrupted) {
    return fail(ErrorKind::kInterrupted, "interrupted");
  }
  if (run.state.timed_out || !run.state.code) {
    return fail(ErrorKind::kSystem, fmt::format("{}: {}", name, to_string(run.state)));
  }
  return OwnerToolRun{std::move(run.state.output), *run.state.code, run.whole};
}

}  // namespace powercut
