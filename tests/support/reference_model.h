// SPDX-License-Identifier: GPL-2.0-only
//
// The crash model once more, written from docs/crash-model.md alone: no index, no
// variables, no windows, and nothing of replay/. Every subset of the pending writes is
// landed in every order that the model permits, one disk image at a time. It is far too
// slow for anything but a handful of writes, and short enough to be read against the
// page.

#pragma once

#include "tests/support/history.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>

namespace powercut::test {

struct ReferenceModel {
  bool write_through = false;
  bool ordered = false;
  // Of all devices: 'k' keep, 'z' zero, 'e' either.
  char discard = 'e';
  // Of the atomic unit; 0: whole writes.
  std::uint64_t atomic_sectors = 0;
};

struct ReferenceStates {
  std::set<std::string> contents;  // as letters, devices told apart by '|'
  // Where units are atomic: the product of how many versions each has, told apart by who
  // wrote which sector. 0 where whole writes are.
  std::uint64_t versions = 0;
};

// The permitted states after the first `cut` events. Nothing if they are too many.
std::optional<ReferenceStates> reference_states(const History& history,
                                                const ReferenceModel& model,
                                                std::size_t cut);

}  // namespace powercut::test
