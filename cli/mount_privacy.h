// SPDX-License-Identifier: GPL-2.0-only
//
// Keeps our mounts to ourselves where that is possible (as root): they then vanish with
// the process, even after kill -9. Call before threads are started.

#pragma once

namespace powercut {

void hide_mounts();

}  // namespace powercut
