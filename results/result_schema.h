// SPDX-License-Identifier: GPL-2.0-only
//
// The tables of the results file, by version: docs/results.md says what is in them.

#pragma once

#include "base/result.h"
#include "results/database.h"

namespace powercut {

// Makes the tables in an empty database; gives a file of an earlier version what it
// lacks, so that the program of that version cannot open it any more. Programs that begin
// at once do it one after the other. Refused: a database of somebody else (kBadInput), a
// file of a later version (kUsage); they stay as they are.
Status prepare_schema(Database& database);

}  // namespace powercut
