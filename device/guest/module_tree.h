// SPDX-License-Identifier: GPL-2.0-only
//
// The modules of one kernel: where they are, which ones are built in, and in which order
// they load. Either an installed tree (/lib/modules/VERSION) or the tree a kernel was
// built in. Loads nothing, and knows nothing of aliases: names are those of modules.

#pragma once

#include "base/result.h"

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

// "dm-mod" and "kernel/drivers/md/dm_mod.ko.xz" are both "dm_mod".
std::string module_name(std::string_view path_or_name);

// What modules.dep says: of each module the path and the paths of all modules that it
// needs, as they stand there.
struct ModuleEntry {
  std::string path;
  std::vector<std::string> needs;
};

using ModuleDependencies = std::map<std::string, ModuleEntry>;  // by module_name()

ModuleDependencies parse_modules_dep(std::string_view text);

// Module names in a list of paths, a line each: modules.builtin.
std::set<std::string> parse_module_paths(std::string_view text);

class ModuleTree {
 public:
  // The Error says what is missing in `directory`.
  static Result<ModuleTree> open(const std::filesystem::path& directory);

  const std::filesystem::path& directory() const { return directory_; }

  // What `uname -r` says under this kernel.
  const std::string& kernel_version() const { return kernel_version_; }

  // Where modules are built against this kernel: a folder with a Makefile, or a path
  // that is not there.
  const std::filesystem::path& build_directory() const { return build_directory_; }

  // As a module or built in.
  bool has(std::string_view name) const;

  // The files to load for `names`, each after what it needs and only once; nothing for
  // what is built in. An Error of kind kMissing if the tree does not have one.
  Result<std::vector<std::filesystem::path>> load_order(
      const std::vector<std::string>& names) const;

 private:
  ModuleTree() = default;

  Status open_installed();
  Status open_build_tree();
  Result<std::vector<std::string>> needs_of(const ModuleEntry& entry) const;
  Status append(const std::string& name, int depth, std::set<std::string>& seen,
                std::vector<std::filesystem::path>& order) const;

  std::filesystem::path directory_;
  std::filesystem::path build_directory_;
  std::string kernel_version_;
  bool installed_ = false;
  ModuleDependencies modules_;  // of a build tree: without their needs
  std::set<std::string> builtin_;
};

// The .modinfo of a .ko file; see read_module_info().
Result<std::map<std::string, std::string>> module_info_of(
    const std::filesystem::path& module);

// The modules that .ko files need beside each other, as their "depends" say.
Result<std::vector<std::string>> modules_needed_by(
    const std::vector<std::filesystem::path>& modules);

// An Error unless the module was built for this version of the kernel.
Status check_module_version(const std::filesystem::path& module,
                            const std::string& kernel_version);

}  // namespace powercut
