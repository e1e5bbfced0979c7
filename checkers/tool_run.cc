// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/tool_run.h"

#include "base/mount_report.h"
#include "base/subprocess.h"
#include "checkers/complaint.h"
#include "checkers/mount_verdict.h"

#include <fmt/format.h>

#include <cstddef>
#include <utility>

namespace powercut {

Result<ToolRun> run_tool(const Subject& subject, const std::vector<std::string>& argv,
                         std::chrono::milliseconds timeout) {
  SubprocessOptions command;
  command.argv = argv;
  command.environment = {{"LC_ALL", "C"}};
  command.timeout = timeout;
  command.working_directory = subject.scratch;
  PC_ASSIGN_OR_RETURN(ExitState state, run_subprocess(command));
  ToolRun run;
  run.output = without_addresses(state.output);
  for (std::size_t d = 0; d < subject.disks.size(); ++d) {
    const std::string path = subject.disks[d].string();
    const std::string name = fmt::format("<disk{}>", d);
    for (std::size_t at = run.output.find(path); at != std::string::npos;
         at = run.output.find(path, at + name.size())) {
      run.output.replace(at, path.size(), name);
    }
  }
  if (state.timed_out || state.interrupted || state.signal) {
    run.ended = to_string(state);
  } else {
    run.exit_code = state.code;
  }
  return run;
}

void add_tool_findings(Verdict& verdict, const std::string& tool, const ToolRun& run,
                       const std::vector<std::string>& complaints) {
  add_output(verdict, tool, run.output);
  if (!run.exit_code) {
    make_inconclusive(verdict, tool + ": " + run.ended);
    return;
  }
  for (const std::string& complaint : complaints) {
    add_finding(verdict, {fmt::format("{}: {}", tool, complaint_key(complaint)),
                          fmt::format("{}: {}", tool, complaint), false});
  }
  if (complaints.empty() && *run.exit_code != 0) {
    const std::string text = fmt::format("{} gave exit code {}", tool, *run.exit_code);
    add_finding(verdict, {text, text, false});
  }
}

Status find_tool(const std::string& checker, const std::string& program,
                 const std::string& package) {
  if (!find_program(program)) {
    return fail(
        ErrorKind::kMissing,
        fmt::format("the {} checker needs {}, which is not there", checker, program),
        "install it: apt-get install " + package);
  }
  return {};
}

Status check_unit_bytes(const CheckerOptions& options) {
  if (options.data && (options.unit_bytes == 0 || options.unit_bytes % 512 != 0)) {
    return fail(ErrorKind::kUsage,
                fmt::format("units of data of {} bytes are no whole number of sectors",
                            options.unit_bytes),
                "a multiple of 512, for example 4096");
  }
  if (options.data && options.observe && options.unit_bytes > kMaxToldUnitBytes) {
    return fail(ErrorKind::kUsage,
                fmt::format("units of data of {} bytes are too long to be told",
                            options.unit_bytes),
                fmt::format("at most {}", kMaxToldUnitBytes));
  }
  return {};
}

Status no_argument(const std::string& checker, const std::string& argument) {
  if (!argument.empty()) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("the {} checker takes no argument, not '{}'", checker, argument));
  }
  return {};
}

}  // namespace powercut
