// SPDX-License-Identifier: GPL-2.0-only
//
// The findings of checks that were made before, as states of a log: from a results file,
// and from what `check --json` wrote.

#pragma once

#include "cli/state_sources.h"
#include "replay/recording.h"

#include <filesystem>
#include <string>
#include <vector>

namespace powercut {

// Of all checks of this log in a results file, the latest first. Checks of other logs are
// passed over, and those with another --format1: kUsage if there is no check of this one
// that ended, or no such file.
Result<std::vector<NamedState>> findings_in_results(const std::filesystem::path& path,
                                                    const Recording& recording,
                                                    const std::string& format1);

// Of one report. What a discard leaves is not told by older reports: then `otherwise`.
Result<std::vector<NamedState>> findings_in_report(const std::filesystem::path& path,
                                                   const Recording& recording,
                                                   DiscardPolicy otherwise);

}  // namespace powercut
