// SPDX-License-Identifier: GPL-2.0-only
//
// What `explain` and `check --explain` share: an explainer for a session, and all
// findings of a certificate explained.

#pragma once

#include "cli/arguments.h"
#include "cli/check_results.h"
#include "cli/check_session.h"
#include "scenarios/explain.h"

#include <memory>
#include <string>

namespace powercut {

// The state of an id in the session's recording, under its model. Throws Failure.
CrashState state_called(const CheckSession& session, const std::string& id);

// `results` may be null: nothing is known then, and nothing is kept. Session, runner and
// results must outlive the explainer.
std::unique_ptr<Explainer> explainer_of(const CheckSession& session,
                                        const Arguments& arguments, StateRunner& runner,
                                        CheckResults* results);

void add_explain_option(po::options_description& options);

// Reduces and names each finding, writes into the certificate what is to blame (so that
// findings of one cause come together), and what is to be told into the session's
// context. What could not be explained is told there as a note. Interrupted: the
// certificate says so.
void explain_findings(CheckSession& session, const Arguments& arguments,
                      StateRunner& runner, CheckResults* results,
                      Certificate& certificate);

}  // namespace powercut
