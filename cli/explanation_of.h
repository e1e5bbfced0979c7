// SPDX-License-Identifier: GPL-2.0-only
//
// Makes of an explained state what reports tell of it.

#pragma once

#include "cli/check_session.h"
#include "report/explanation.h"
#include "scenarios/explain.h"

#include <string>

namespace powercut {

Explanation explanation_of(const CheckSession& session, const std::string& finding_id,
                           const ExplainedState& explained);

}  // namespace powercut
