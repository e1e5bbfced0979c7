// SPDX-License-Identifier: GPL-2.0-only
//
// Which kernel a guest boots: its image and its modules, and the proof that they belong
// together. x86 bzImages only.

#pragma once

#include "base/result.h"
#include "device/guest/module_tree.h"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

struct KernelChoice {
  std::filesystem::path image;
  std::string version;  // as `uname -r` says
  ModuleTree modules;
};

// The version in the header of a bzImage: the offset at 0x20E, see the kernel's
// Documentation/x86/boot.rst. `bytes` are its first 64 KiB or more; `name` is for the
// Error.
Result<std::string> bzimage_version(std::string_view bytes, const std::string& name);

// The same of a file.
Result<std::string> kernel_image_version(const std::filesystem::path& image);

// An empty `image` is the newest kernel of this machine that has modules, or the one that
// belongs to `modules`. Either may be the tree a kernel was built in; then the other may
// be empty. An Error of kind kMissing if there is none, kUsage if they do not match.
Result<KernelChoice> choose_kernel(const std::filesystem::path& image,
                                   const std::filesystem::path& modules);

// What a guest loads at its start: what it cannot do without and `more`, in order.
Result<std::vector<std::filesystem::path>> boot_modules(
    const ModuleTree& tree, const std::vector<std::string>& more);

// What its kernel asks for in use, above all file systems: under each name that it may
// ask by ("fs-xfs", "xfs") the files to load. Only what the kernel has as modules.
Result<std::map<std::string, std::vector<std::filesystem::path>>> demand_modules(
    const ModuleTree& tree);

}  // namespace powercut
