// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/stack_guest.h"

#include "base/subprocess.h"
#include "device/guest/kernel_choice.h"
#include "device/guest/module_build.h"
#include "device/guest/source_module.h"

#include <fmt/format.h>

#include <algorithm>

namespace powercut {

Status equip_guest(const Scenario& scenario, bool recording, GuestOptions& guest) {
  for (const std::string& program : scenario.needs) {
    if (!find_program(program)) {
      return fail(ErrorKind::kMissing,
                  fmt::format("the scenario {} needs {}", scenario.name, program),
                  "install it");
    }
    guest.programs.push_back(program);
  }
  guest.load.insert(guest.load.end(), scenario.modules.begin(), scenario.modules.end());
  if (!recording && scenario.builds.empty()) {
    return {};
  }
  PC_ASSIGN_OR_RETURN(const KernelChoice kernel,
                      choose_kernel(guest.kernel, guest.modules));
  for (const std::string& build : scenario.builds) {
    const std::size_t colon = std::min(build.find(':'), build.size());
    PC_ASSIGN_OR_RETURN(
        const std::filesystem::path module,
        build_source_module(build.substr(0, colon),
                            build.substr(std::min(colon + 1, build.size())),
                            kernel.modules));
    guest.extra_modules.push_back({module, ""});
  }
  if (recording) {
    PC_ASSIGN_OR_RETURN(const std::filesystem::path target,
                        build_log_writes(kernel.modules));
    guest.extra_modules.push_back({target, ""});
  }
  return {};
}

std::string stack_script(const Scenario& scenario) {
  std::string text;
  for (std::size_t i = 0; i < scenario.disks.size(); ++i) {
    text += fmt::format("export {}=\"$POWERCUT_DEVICE{}\"\n", scenario.disks[i].name,
                        i == 0 ? std::string() : std::to_string(i));
  }
  return text + scenario.stack + scenario.script;
}

std::string stack_verify(const Scenario& scenario) {
  return scenario.stack + scenario.verify;
}

std::string disk_names(const Scenario& scenario) {
  std::string names;
  for (const StackDisk& disk : scenario.disks) {
    names += (names.empty() ? "" : " ") + disk.name;
  }
  return names;
}

}  // namespace powercut
