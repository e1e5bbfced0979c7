// SPDX-License-Identifier: GPL-2.0-only
//
// What one probe of a checker saw of a recovered state, apart from what it thinks of it:
// what an oracle judges, once for every instant at which other things were promised.
// It must follow from what the probe read.

#pragma once

#include "base/file_tree.h"

#include <cstdint>
#include <string>
#include <vector>

namespace powercut {

struct Observation {
  bool files = false;  // of a base: `tree` is what recovery brought back
  FileTree tree;
  // Where the tree's files have no extents they are holes; false: extents are not told.
  bool extents_known = true;
  // Of a probe of data: one unit of a file.
  std::string path;
  std::uint64_t offset_bytes = 0;
  std::string bytes;  // as many as the file has there
  int error = 0;      // errno of the read; then bytes is empty
  // Of a program that looked: what it says is there ("have X").
  bool claims_made = false;
  std::vector<std::string> claims;
  // A claim "LABEL: ..." is for the probe with that label to make, if the base knows of
  // one; all others are the base's. Of a probe that makes claims: its label. Of a base:
  // those of all its probes.
  std::vector<std::string> claim_labels;
};

}  // namespace powercut
