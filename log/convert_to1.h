// SPDX-License-Identifier: GPL-2.0-only
//
// Format 2 to format 1; see convert.h for what it keeps.

#pragma once

#include "log/convert.h"

namespace powercut {

Result<ConvertReport> convert_to1(const Log& log, const std::filesystem::path& path);

}  // namespace powercut
