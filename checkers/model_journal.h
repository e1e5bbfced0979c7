// SPDX-License-Identifier: GPL-2.0-only
//
// Verifies: a small journal (docs/models.md): committed transactions are replayed, and
//   then the blocks are those after some number of whole transactions: each of them
//   holds, in all its sectors, what the last of these that wrote it has written. With an
//   oracle (CheckerOptions::observe) it claims those transactions, so that one which was
//   acknowledged and is not there is found.
// When: logs of `powercut model journal`.
// Does NOT verify: what lies in the journal and is not replayed; without an oracle,
//   which transactions should be there.
// Known false alarms: none.

#pragma once

#include "checkers/checker.h"

#include <memory>

namespace powercut {

Result<std::unique_ptr<Checker>> make_journal_checker(const CheckerOptions& options);

}  // namespace powercut
