// SPDX-License-Identifier: GPL-2.0-only
//
// A MountRequest and a MountReport as JSON, for the way between two processes or into a
// guest and back. Between equal programs only: not a format to keep.
//
// Names, targets and attributes are bytes and need not be UTF-8: each byte is written as
// the character of its number (Latin-1), so that all come back as they were. What a unit
// of data holds is Base64, or the number of its bytes if all are zero.

#pragma once

#include "base/mount_report.h"
#include "base/result.h"

#include <string>
#include <string_view>

namespace powercut {

std::string to_json(const MountRequest& request);
std::string to_json(const MountReport& report);

// An Error of kind kBadInput if the text is not what to_json() writes.
Result<MountRequest> mount_request_from_json(std::string_view text);
Result<MountReport> mount_report_from_json(std::string_view text);

}  // namespace powercut
