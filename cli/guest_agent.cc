// SPDX-License-Identifier: GPL-2.0-only
//
// powercut guest-agent: what powercut is inside a guest. Hidden from the list of verbs,
// for nobody types it: the guest's kernel starts it as PID 1, and anywhere else it would
// mount over the machine and switch it off. So it refuses to be anything but PID 1; only
// loading modules is left to any process of the guest.

#include "cli/arguments.h"
#include "cli/command.h"
#include "device/guest/agent.h"
#include "device/guest/agent_setup.h"
#include "device/guest/initramfs.h"
#include "scenarios/control_socket.h"
#include "scenarios/workload_child.h"

#include <unistd.h>

namespace powercut {

namespace {

Result<std::shared_ptr<void>> listen_for_marks(const std::filesystem::path& path,
                                               GuestMarkHandler handler) {
  PC_ASSIGN_OR_RETURN(std::unique_ptr<ControlSocket> socket,
                      ControlSocket::listen(path, std::move(handler)));
  return std::shared_ptr<void>(std::move(socket));
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()("load", po::value<std::string>(),
                        "load the modules of this name, as the guest's modprobe");
  const Arguments arguments = parse_arguments(self, options, {}, words);
  if (arguments.has("load")) {
    value_or_throw(load_guest_modules(std::filesystem::path(kGuestDemandLists) /
                                      arguments.text("load")));
    return kExitClean;
  }
  if (::getpid() != 1) {
    throw Failure(Error{ErrorKind::kUsage, "guest-agent is the first process of a guest",
                        "powercut guest starts one"});
  }
  run_guest_agent(listen_for_marks, workload_service());
}

}  // namespace

extern const Command kGuestAgentCommand = {
    "guest-agent",
    "",
    "the first process of a guest",
    "Started by the kernel of a guest; see powercut guest --help.\n\n",
    &run,
    true};

}  // namespace powercut
