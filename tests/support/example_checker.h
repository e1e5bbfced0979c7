// SPDX-License-Identifier: GPL-2.0-only
//
// The example of docs/writing-a-checker.md.

#pragma once

#include "checkers/checker.h"

#include <memory>

namespace powercut::test {

std::unique_ptr<Checker> make_notes_checker();

}  // namespace powercut::test
