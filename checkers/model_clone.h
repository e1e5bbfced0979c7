// SPDX-License-Identifier: GPL-2.0-only
//
// Verifies: a device that is cloned (docs/models.md): metadata is whole, and each region
//   that it calls valid holds, sector by sector, what the source has there, a write of
//   the user to that place, or zeros if it may have been discarded; never poison, which
//   is what the destination held before. A probe a block. With an oracle
//   (CheckerOptions::observe) each claims the blocks that hold a user's write.
// When: logs of `powercut model clone`.
// Does NOT verify: which of a user's writes is there (the oracle does: the state alone
//   does not tell what was acknowledged); regions that are not valid, for what they
//   show is the source, which is no recorded device.
// Known false alarms: none.

#pragma once

#include "checkers/checker.h"

#include <memory>

namespace powercut {

Result<std::unique_ptr<Checker>> make_clone_checker(const CheckerOptions& options);

}  // namespace powercut
