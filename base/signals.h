// SPDX-License-Identifier: GPL-2.0-only
//
// Ctrl-C, SIGTERM and SIGHUP (unless it is ignored) as a flag and a descriptor; SIGPIPE
// not at all.
//
// The first signal only asks: loops look at interrupted(), pollers add interrupt_fd().
// A second one while the first is pending kills the process as if there was no handler.

#pragma once

#include "base/result.h"

namespace powercut {

// Installs the handlers, and ignores SIGPIPE. A second call changes nothing. Call it
// before threads are started.
Status install_signal_handlers();

// True once a signal came. Safe from every thread, costs one load.
bool interrupted();

// Readable once a signal came, until clear_interrupt(); -1 before the handlers are
// installed. Never read from it.
int interrupt_fd();

// Forgets the signal: for interactive use, where Ctrl-C ends a command and not us.
void clear_interrupt();

}  // namespace powercut
