// SPDX-License-Identifier: GPL-2.0-only
//
// What every audit of a log tells besides what it found: of which log and device, and
// between which places.

#pragma once

#include "replay/write.h"

#include <cstdint>
#include <string>
#include <vector>

namespace powercut {

struct AuditContext {
  std::string log;
  std::uint16_t device = 0;
  std::string device_name;
  std::uint64_t device_bytes = 0;
  std::string from;  // as it was typed
  std::string to;
  Cut from_cut = 0;
  Cut to_cut = 0;
  std::string list;                // file
  std::vector<std::string> notes;  // sentences
};

}  // namespace powercut
