// SPDX-License-Identifier: GPL-2.0-only
//
// Builds a kernel module of ours out of tree, for the kernel that a guest boots. Built
// once for each kernel and each state of the sources; the result is kept in the cache.

#pragma once

#include "base/result.h"
#include "device/guest/module_tree.h"

#include <filesystem>
#include <string>

namespace powercut {

// An Error of kind kMissing unless modules can be built for this kernel.
Status check_module_headers(const ModuleTree& kernel);

struct ModuleBuildOptions {
  std::filesystem::path source;  // a folder with Kbuild and sources, without subfolders
  std::string name;              // of the module: "dm-log-writes"
};

// The path of NAME.ko. An Error of kind kMissing if the kernel's headers are not there;
// if make fails, the Error has the end of what it said.
Result<std::filesystem::path> build_module(const ModuleBuildOptions& options,
                                           const ModuleTree& kernel);

// Where the sources of the log-writes target are: $POWERCUT_KERNEL_SOURCE, the tree this
// program was built from, or where it was installed.
Result<std::filesystem::path> log_writes_source();

// The log-writes target for this kernel.
Result<std::filesystem::path> build_log_writes(const ModuleTree& kernel);

}  // namespace powercut
