// SPDX-License-Identifier: GPL-2.0-only
//
// The model "journal"; docs/models.md tells what it is of.

#pragma once

#include "scenarios/models/model.h"

namespace powercut {

ModelKind journal_model();

}  // namespace powercut
