// SPDX-License-Identifier: GPL-2.0-only
//
// The outcome of a checker run as bytes (CBOR, RFC 8949), and back: what it said, what it
// read, and what it saw.

#pragma once

#include "base/result.h"
#include "replay/verdict.h"

#include <cstddef>
#include <span>
#include <vector>

namespace powercut {

std::vector<std::byte> outcome_to_cbor(const RunOutcome& outcome);

// kBadInput: this is no outcome.
Result<RunOutcome> outcome_from_cbor(std::span<const std::byte> bytes);

}  // namespace powercut
