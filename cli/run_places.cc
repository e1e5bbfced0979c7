// SPDX-License-Identifier: GPL-2.0-only

#include "cli/run_places.h"

#include "base/fd.h"
#include "cli/guest_arguments.h"
#include "cli/log_arguments.h"
#include "cli/mount_place.h"
#include "scenarios/guest_workload.h"
#include "scenarios/loop_recording.h"
#include "scenarios/loop_workload.h"

#include <fmt/format.h>

#include <sys/utsname.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <utility>

namespace powercut {

namespace {

constexpr const char* kMemoryOption = "guest-memory";

using ScriptRecording = ScenarioRunOptions::ScriptRecording;

std::string kernel_here() {
  utsname name = {};
  return ::uname(&name) == 0 ? kernel_text(name.release, name.version) : "";
}

// A PATH in which `powercut mark` is at hand, wherever this program lies and whatever it
// is called.
Result<std::string> path_with_us(const RunDir& run_dir) {
  PC_ASSIGN_OR_RETURN(const std::filesystem::path directory,
                      run_dir.make_directory("bin"));
  std::error_code error;
  const std::filesystem::path program =
      std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    std::filesystem::create_symlink(program, directory / "powercut", error);
  }
  if (error) {
    return fail(ErrorKind::kSystem, fmt::format("cannot make a link in {}: {}",
                                                directory.native(), error.message()));
  }
  const char* const path = std::getenv("PATH");
  return fmt::format("PATH={}:{}", directory.native(),
                     path != nullptr ? path : "/usr/sbin:/usr/bin:/sbin:/bin");
}

std::string problem_of(const ExitState& script, std::chrono::milliseconds timeout) {
  if (script.timed_out) {
    return fmt::format("it took longer than {} ms", timeout.count());
  }
  constexpr std::size_t kMostShown = 200;
  std::string said = script.output.substr(0, script.output.find_last_not_of(" \n") + 1);
  said = said.size() > kMostShown ? "..." + said.substr(said.size() - kMostShown) : said;
  return "the script ended with " + to_string(script) + (said.empty() ? "" : ": " + said);
}

// The script of a scenario runs in the mounted disk, as the workload of a recording.
Result<ScriptRecording> script_on_loop(const Scenario& scenario,
                                       const BaseImageOptions& disk,
                                       const BaseImage& image,
                                       std::chrono::milliseconds timeout,
                                       const std::filesystem::path& log) {
  LoopRecordingOptions options;
  options.workload.file_system = disk.file_system == "none" ? "" : disk.file_system;
  options.workload.mount_options = scenario.mount_options;
  options.workload.make_file_system = false;
  PC_ASSIGN_OR_RETURN(RunDir own, RunDir::create());
  PC_ASSIGN_OR_RETURN(const std::string path, path_with_us(own));
  options.workload.command = {"env", path, "bash", "-euc", scenario.script};
  options.workload.timeout = timeout;
  options.workload.inherit_output = false;  // our own is on stdout
  options.log = log;
  options.image = image.file;
  options.block_bytes = disk.block_bytes;
  PC_ASSIGN_OR_RETURN(const LoopRecordingResult result, record_on_loop(options, own));
  if (result.workload.interrupted) {
    return fail(ErrorKind::kInterrupted, "interrupted");
  }
  ScriptRecording recording;
  recording.kernel = kernel_here();
  recording.performed.done = result.workload.succeeded();
  recording.performed.problem =
      recording.performed.done ? "" : problem_of(result.workload, timeout);
  return recording;
}

void run_on_loop(ScenarioRunOptions& options) {
  options.make_recorder =
      [](const BaseImageOptions& disk,
         const RunDir& run_dir) -> Result<std::unique_ptr<WorkloadRecorder>> {
    PC_ASSIGN_OR_RETURN(
        std::unique_ptr<LoopWorkloads> recorder,
        LoopWorkloads::start({disk.size_bytes, disk.block_bytes}, run_dir));
    return std::unique_ptr<WorkloadRecorder>(std::move(recorder));
  };
  options.record_script = [timeout = options.timeout](
                              const Scenario& scenario, const BaseImageOptions& disk,
                              const BaseImage& image, const std::filesystem::path& log) {
    return script_on_loop(scenario, disk, image, timeout, log);
  };
}

void run_in_guest(const GuestOptions& guest, ScenarioRunOptions& options) {
  options.make_recorder =
      [guest](const BaseImageOptions& disk,
              const RunDir& run_dir) -> Result<std::unique_ptr<WorkloadRecorder>> {
    PC_ASSIGN_OR_RETURN(
        std::unique_ptr<GuestWorkloads> recorder,
        GuestWorkloads::start({guest, disk.size_bytes, disk.block_bytes}, run_dir));
    return std::unique_ptr<WorkloadRecorder>(std::move(recorder));
  };
  options.record_script = [](const Scenario& scenario, const BaseImageOptions&,
                             const BaseImage&,
                             const std::filesystem::path&) -> Result<ScriptRecording> {
    return fail(
        ErrorKind::kMissing,
        fmt::format("{} has a script, and scripts run on loop only", scenario.name),
        "--on loop; or `powercut record --on guest` and `powercut check "
        "--scenario`");
  };
}

}  // namespace

void add_run_place_options(po::options_description& options) {
  options.add_options()("on", po::value<std::string>()->default_value("loop"),
                        "where workloads are performed: loop (this kernel) or guest")(
      "mount", po::value<std::string>()->default_value(""),
      "where states are mounted, if a checker mounts: here (default with --on loop) or "
      "guest (default with --on guest)");
  add_guest_options(options, kMemoryOption);
}

void set_run_place(const Arguments& arguments, ScenarioRunOptions& options) {
  const std::string place = arguments.text("on");
  if (place != "loop" && place != "guest") {
    throw Failure(Error{ErrorKind::kUsage,
                        fmt::format("workloads cannot be performed on '{}'", place),
                        "--on is loop or guest; with the device-mapper target: `powercut "
                        "record --on dm|guest ... -- powercut perform FILE`, then "
                        "`powercut check LOG --scenario FILE`"});
  }
  std::string mount = arguments.text("mount");
  mount = mount.empty() ? (place == "loop" ? "here" : "guest") : mount;
  if (mount != "here" && mount != "guest") {
    throw Failure(Error{ErrorKind::kUsage,
                        fmt::format("states cannot be mounted in '{}'", mount),
                        "--mount is here or guest"});
  }
  const GuestOptions guest = guest_machine(arguments, kMemoryOption);
  options.guest = guest;
  if (arguments.values["cpus"].defaulted()) {
    // Emulated processors wait for each other: with one a stack is twice as fast.
    options.guest.cpus = 1;
  }
  if (place == "loop") {
    run_on_loop(options);
  } else {
    run_in_guest(guest, options);
  }
  options.mounts_in_guest = mount == "guest";
  options.guest_flags = typed_flags(arguments, {"kernel", "modules"});
  options.mount_flags =
      mount == "guest" ? options.guest_flags : std::string(" --mount here");
  options.make_mounter = [mount, guest](std::uint32_t block_bytes,
                                        const RunDir& run_dir) {
    return mount == "guest" ? mounter_in_guest(guest, block_bytes, run_dir)
                            : mounter_here(block_bytes, run_dir);
  };
}

}  // namespace powercut
