// SPDX-License-Identifier: GPL-2.0-only
//
// A finding as a directory that can be sent to somebody who has neither the log nor
// powercut: the failing state and its sound neighbour as images, the part of the log
// around the cut, the explanation, and a test case in the form of xfstests.

#pragma once

#include "base/result.h"
#include "replay/reduction.h"

#include <filesystem>
#include <string>

namespace powercut {

struct FindingExport {
  std::filesystem::path directory;  // made; must not exist, or be empty
  bool qcow2 = false;               // images as qcow2 (by qemu-img) instead of sparse raw
  std::string summary;              // one line
  std::string explanation;          // text
  std::string json;
  std::string checker;  // as `check --checker` takes it
};

// Writes all, or an Error: what was written until then stays, and says in no README that
// it is whole. kMissing: qcow2 without qemu-img.
Status export_finding(const Reduction& reduction, const FindingExport& out);

// The events before the cut, as `log list` prints them: from the last flush that was
// complete, or from `first` if that is earlier; at most so many.
std::string log_excerpt(const Timeline& timeline, EventPos first, Cut cut,
                        std::size_t most);

}  // namespace powercut
