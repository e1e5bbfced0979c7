// SPDX-License-Identifier: GPL-2.0-only
//
// A mount namespace of our own: what is mounted in it is seen by our children only, and
// is unmounted by the kernel when the last of us is gone, even after kill -9.

#pragma once

#include "base/result.h"

namespace powercut {

// Root only. Must be called before the process has a second thread: a namespace is a
// property of a thread, and the threads made later inherit it.
Status enter_private_mount_namespace();

}  // namespace powercut
