// SPDX-License-Identifier: GPL-2.0-only
//
// What goes into Verdict::outcome: digests, as text, of what a recovery brought back.

#pragma once

#include "base/file_tree.h"
#include "replay/verdict.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace powercut {

// Of the tree and of the keys of the findings, in their order.
std::string outcome_of(const FileTree& tree, const std::vector<Finding>& findings);

// Of a piece of data.
std::string outcome_of(std::span<const std::byte> data);

}  // namespace powercut
