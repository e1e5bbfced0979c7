// SPDX-License-Identifier: GPL-2.0-only
//
// Where `run` records workloads: one entry a place.

#pragma once

#include "cli/arguments.h"
#include "scenarios/scenario_run.h"

namespace powercut {

// --on and what belongs to the places.
void add_run_place_options(po::options_description& options);

// Fills in what records and what mounts. Throws Failure: an unknown place, or this
// machine cannot.
void set_run_place(const Arguments& arguments, ScenarioRunOptions& options);

}  // namespace powercut
