// SPDX-License-Identifier: GPL-2.0-only
//
// Files of a kernel's source, for building parts of it as modules again: those of the
// tree the kernel was built in, or of Debian's package linux-source-X.Y. Takes a few
// files out of a package, once (it is read almost whole: seconds), and keeps them in the
// cache. Changes no source and builds nothing.

#pragma once

#include "base/result.h"
#include "device/guest/module_tree.h"

#include <filesystem>
#include <string>
#include <vector>

namespace powercut {

// "6.1.170" of the first lines of a kernel's Makefile, or of its
// include/generated/uapi/linux/version.h; empty if they do not say it.
std::string version_in_makefile(const std::string& text);
std::string version_in_header(const std::string& text);

// A folder that has `files`, which are paths within a kernel's source, in the version of
// the kernel. Do not write to it: it is the kernel's tree, or in the cache. Packages are
// PACKAGES/linux-source-X.Y.tar.xz. An Error of kind kMissing if there is no such source,
// or if it is that of another version.
Result<std::filesystem::path> kernel_source(const ModuleTree& kernel,
                                            const std::vector<std::string>& files,
                                            const std::filesystem::path& packages);

// All of a text file.
Result<std::string> read_source(const std::filesystem::path& file);

}  // namespace powercut
