// SPDX-License-Identifier: GPL-2.0-only
//
// What the audits of a log are told alike: the interval, the device, and that the order
// of the log must hold. All throw Failure.

#pragma once

#include "cli/arguments.h"
#include "replay/recording.h"
#include "replay/where.h"

#include <cstdint>
#include <string>

namespace powercut {

// The value of an option that must be there.
std::string needed(const Arguments& arguments, const char* name, const char* hint);

// A place as everywhere; a word that is none may be a mark's name.
Cut cut_at(const Timeline& timeline, const std::string& where);

// Of kind kUsage if `to` is before `from`.
void check_interval(Cut from_cut, Cut to_cut, const std::string& from,
                    const std::string& to);

// --device, a number or a name; `whose` asks for it if the log has several.
std::uint16_t device_from(const Arguments& arguments, const Recording& recording,
                          const char* whose);

// --format1 wide moves writes to before the marks of their window: what was written after
// a mark would count as written before it, and not be looked at.
void check_order(const Arguments& arguments, const Recording& recording);

// --json must not name the list that is read.
void check_not_the_list(const Arguments& arguments, const std::string& list);

// Of a log of format 1, for a report.
extern const char* const kFormat1Note;

}  // namespace powercut
