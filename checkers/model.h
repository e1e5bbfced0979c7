// SPDX-License-Identifier: GPL-2.0-only
//
// The checkers of the models of block-device stacks (docs/models.md), "model:NAME".

#pragma once

#include "checkers/checker.h"

#include <memory>
#include <string>

namespace powercut {

// argument: the name of a model.
Result<std::unique_ptr<Checker>> make_model_checker(const std::string& argument,
                                                    const CheckerOptions& options);

// Fails if the disks are not those that a log of the model has.
Status check_model_disks(const Subject& subject, const std::string& model,
                         const std::vector<std::uint64_t>& size_bytes);

// A verdict with one finding.
Verdict model_finding(std::string key, std::string summary, bool blinding = false);

}  // namespace powercut
