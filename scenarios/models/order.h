// SPDX-License-Identifier: GPL-2.0-only
//
// The model "order"; docs/models.md tells what it is of.

#pragma once

#include "scenarios/models/model.h"

namespace powercut {

ModelKind order_model();

}  // namespace powercut
