// SPDX-License-Identifier: GPL-2.0-only

#include "device/mount_namespace.h"

#include <sched.h>
#include <sys/mount.h>

#include <cerrno>

namespace powercut {

Status enter_private_mount_namespace() {
  if (::unshare(CLONE_NEWNS) != 0) {
    Error error = system_error("cannot make a mount namespace", errno);
    if (errno == EPERM) {
      error.kind = ErrorKind::kMissing;
      error.hint = "run as root";
    }
    return fail(std::move(error));
  }
  // Slaves, not private: what is unmounted outside while we run goes here too, and no
  // file system of somebody else stays busy because of our copy. Nothing of ours goes
  // out.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) {
    return fail(system_error("cannot keep our mounts from the other namespaces", errno));
  }
  return {};
}

}  // namespace powercut
