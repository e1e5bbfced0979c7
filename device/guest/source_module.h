// SPDX-License-Identifier: GPL-2.0-only
//
// Targets of the kernel's device mapper, built as modules from the kernel's own source,
// as it is or with an edit that takes a fix back out: a driver with a known fault, for a
// guest to find it in. For guests only: never load one where data is dear.
//
// Edits are a few words each and know the source that they are for; any other is refused.
// No source of the kernel is here.

#pragma once

#include "base/result.h"
#include "device/guest/module_tree.h"

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace powercut {

// A part of a line or two of a source, found exactly once, and what comes in its place.
struct SourcePiece {
  std::string_view file;  // of drivers/md
  std::string_view find;
  std::string_view replace;
};

struct SourceEdit {
  std::string_view name;
  std::string_view commit;  // of Linux, whose fix it takes out
  std::span<const SourcePiece> pieces;
};

struct SourceModule {
  std::string_view name;
  std::span<const std::string_view> units;  // UNIT.c of drivers/md, in the module
  std::span<const SourceEdit> edits;
};

std::span<const SourceModule> source_modules();

// The text of `file` with all pieces for it in their places. An Error of kind kBadInput
// if one is there not once but never or several times.
Result<std::string> edit_source(std::string text, std::string_view file,
                                const SourceEdit& edit);

// The path of a .ko of the module `name` for this kernel; built once and kept in the
// cache. An empty `edit` is none. Errors: kUsage if there is no such module or edit, or
// the kernel has that module built in; kMissing without the kernel's headers, or a source
// that fits (see kernel_source()); kBadInput if the source is one that the edit does not
// know.
Result<std::filesystem::path> build_source_module(
    std::string_view name, std::string_view edit, const ModuleTree& kernel,
    const std::filesystem::path& packages = "/usr/src");

}  // namespace powercut
