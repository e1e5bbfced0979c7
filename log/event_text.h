// SPDX-License-Identifier: GPL-2.0-only
//
// An event as one line for people: what `log list` prints.

#pragma once

#include "log/event.h"

#include <string>

namespace powercut {

// `entries`: of a log of format 1, whose entries have no submitter. Without a newline.
std::string event_text(const Event& event, bool entries);

}  // namespace powercut
