// SPDX-License-Identifier: GPL-2.0-only

#include "cli/mount_privacy.h"

#include "cli/log_arguments.h"
#include "device/mount_namespace.h"

#include <unistd.h>

namespace powercut {

void hide_mounts() {
  if (::geteuid() != 0) {
    return;
  }
  Status status = enter_private_mount_namespace();
  if (!status) {
    warn("mounts of this run are visible to others: " + status.error().message);
  }
}

}  // namespace powercut
