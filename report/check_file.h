// SPDX-License-Identifier: GPL-2.0-only
//
// Reads what `powercut check --json` wrote, for a picture of the same log. The file may
// be of anybody: what is not as docs/report.md says is refused, and sentences are made
// anew from its numbers by the code that made them for the check.

#pragma once

#include "base/result.h"
#include "replay/recording.h"

#include <nlohmann/json.hpp>

#include <filesystem>

namespace powercut {

// What the page shows of it:
//   kind        "check" or "mutations"
//   verdict     one sentence
//   outcome     "proved", "inferred", "partial", "findings", "nothing" or "mutations"
//   rows        [label, text]: the certificate, and what was checked how
//   findings    as in docs/report.md, with `seq`, the number of the last event before the
//               cut, and `pos`, its position
//   mutations   flush, writes, runs, carries_weight, verdict
Result<nlohmann::ordered_json> read_check_file(const std::filesystem::path& path,
                                               const Recording& recording);

}  // namespace powercut
