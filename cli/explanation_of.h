// SPDX-License-Identifier: GPL-2.0-only
//
// Makes of an explained state what reports tell of it.

#pragma once

#include "report/check_report.h"
#include "report/explanation.h"
#include "scenarios/explain.h"

#include <string>

namespace powercut {

Explanation explanation_of(const CheckContext& context, const std::string& finding_id,
                           const ExplainedState& explained);

}  // namespace powercut
