// SPDX-License-Identifier: GPL-2.0-only
//
// What the audits of a log are told alike: the interval, the device, and that the order
// of the log must hold. All throw Failure.

#pragma once

#include "cli/arguments.h"
#include "replay/changed_blocks.h"
#include "replay/recording.h"
#include "report/audit_context.h"

#include <memory>
#include <string>

namespace powercut {

// The value of an option that must be there.
std::string needed(const Arguments& arguments, const char* name, const char* hint);

// Opens LOG, and fills in what the command line says of log, interval, device and `list`,
// the file that is held against it. A place is one as everywhere; a word that is none may
// be a mark's name. `whose` asks for --device if the log has several.
std::shared_ptr<const Recording> open_audit(const Arguments& arguments, std::string list,
                                            const char* whose, AuditContext& context);

// What may belong to the time before --from and have landed after: writes in flight, and
// those of a log of format 1, whose order is not that of submission.
void add_order_notes(const Recording& recording, const ChangedBlocks& changed,
                     AuditContext& context);

}  // namespace powercut
