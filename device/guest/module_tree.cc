// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/module_tree.h"

#include "base/mapped_file.h"
#include "device/guest/elf_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace powercut {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxDepth = 32;

std::string_view take_until(std::string_view& text, char end) {
  const std::string_view part = text.substr(0, text.find(end));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

Result<std::string> read_text(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    return fail(ErrorKind::kMissing, fmt::format("cannot read {}", file.native()));
  }
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

Result<std::vector<std::string>> depends_of(const fs::path& module) {
  PC_ASSIGN_OR_RETURN(auto info, module_info_of(module));
  std::vector<std::string> needs;
  std::string_view rest = info["depends"];
  while (!rest.empty()) {
    needs.emplace_back(take_until(rest, ','));
  }
  return needs;
}

}  // namespace

std::string module_name(std::string_view path_or_name) {
  path_or_name.remove_prefix(path_or_name.rfind('/') + 1);
  std::string name(path_or_name.substr(0, path_or_name.find(".ko")));
  std::ranges::replace(name, '-', '_');
  return name;
}

ModuleDependencies parse_modules_dep(std::string_view text) {
  ModuleDependencies modules;
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    const std::string_view path = take_until(line, ':');
    if (path.empty()) {
      continue;
    }
    ModuleEntry entry;
    entry.path = path;
    while (!line.empty()) {
      const std::string_view need = take_until(line, ' ');
      if (!need.empty()) {
        entry.needs.emplace_back(need);
      }
    }
    modules[module_name(path)] = std::move(entry);
  }
  return modules;
}

std::set<std::string> parse_module_paths(std::string_view text) {
  std::set<std::string> names;
  while (!text.empty()) {
    const std::string_view path = take_until(text, '\n');
    if (!path.empty()) {
      names.insert(module_name(path));
    }
  }
  return names;
}

Result<ModuleTree> ModuleTree::open(const fs::path& directory) {
  ModuleTree tree;
  std::error_code error;
  tree.directory_ = fs::canonical(directory, error);
  if (error) {
    return fail(ErrorKind::kMissing,
                fmt::format("no modules at {}: {}", directory.native(), error.message()),
                "--modules is /lib/modules/VERSION or the tree the kernel was built in");
  }
  tree.installed_ = fs::exists(tree.directory_ / "modules.dep", error);
  PC_RETURN_IF_ERROR(tree.installed_ ? tree.open_installed() : tree.open_build_tree());
  return tree;
}

Status ModuleTree::open_installed() {
  kernel_version_ = directory_.filename();
  build_directory_ = directory_ / "build";
  PC_ASSIGN_OR_RETURN(const std::string dependencies,
                      read_text(directory_ / "modules.dep"));
  modules_ = parse_modules_dep(dependencies);
  PC_ASSIGN_OR_RETURN(const std::string builtin,
                      read_text(directory_ / "modules.builtin"));
  builtin_ = parse_module_paths(builtin);
  return {};
}

Status ModuleTree::open_build_tree() {
  const Result<std::string> release =
      read_text(directory_ / "include/config/kernel.release");
  const Result<std::string> order = read_text(directory_ / "modules.order");
  const Result<std::string> builtin = read_text(directory_ / "modules.builtin");
  if (!release || !order || !builtin) {
    return fail(ErrorKind::kMissing,
                fmt::format("{} is neither a modules directory (it has no modules.dep) "
                            "nor a kernel that was built (it has no {})",
                            directory_.native(),
                            !release ? "include/config/kernel.release"
                            : !order ? "modules.order"
                                     : "modules.builtin"),
                "run depmod on it, or build the kernel and its modules");
  }
  kernel_version_ = release->substr(0, release->find('\n'));
  build_directory_ = directory_;
  std::string_view rest = *order;
  while (!rest.empty()) {
    fs::path path = take_until(rest, '\n');  // ".o" since Linux 6.3
    if (!path.empty()) {
      path.replace_extension(".ko");
      modules_[module_name(path.native())] = ModuleEntry{path, {}};
    }
  }
  builtin_ = parse_module_paths(*builtin);
  return {};
}

bool ModuleTree::has(std::string_view name) const {
  const std::string wanted = module_name(name);
  return modules_.contains(wanted) || builtin_.contains(wanted);
}

Result<std::vector<std::string>> ModuleTree::needs_of(const ModuleEntry& entry) const {
  if (installed_) {
    return entry.needs;
  }
  return depends_of(directory_ / entry.path);
}

Status ModuleTree::append(const std::string& name, int depth, std::set<std::string>& seen,
                          std::vector<fs::path>& order) const {
  if (builtin_.contains(name) || !seen.insert(name).second) {
    return {};
  }
  const ModuleDependencies::const_iterator found = modules_.find(name);
  if (found == modules_.end() || depth > kMaxDepth) {
    return fail(ErrorKind::kMissing,
                fmt::format("kernel {} has no module {} in {}", kernel_version_, name,
                            directory_.native()));
  }
  PC_ASSIGN_OR_RETURN(const std::vector<std::string> needs, needs_of(found->second));
  for (const std::string& need : needs) {
    PC_RETURN_IF_ERROR(append(module_name(need), depth + 1, seen, order));
  }
  order.push_back(directory_ / found->second.path);
  return {};
}

Result<std::vector<fs::path>> ModuleTree::load_order(
    const std::vector<std::string>& names) const {
  std::set<std::string> seen;
  std::vector<fs::path> order;
  for (const std::string& name : names) {
    PC_RETURN_IF_ERROR(append(module_name(name), 0, seen, order));
  }
  return order;
}

Result<std::map<std::string, std::string>> module_info_of(const fs::path& module) {
  PC_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::open(module));
  return read_module_info(
      {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()}, module);
}

Result<std::vector<std::string>> modules_needed_by(const std::vector<fs::path>& modules) {
  std::set<std::string> own;
  for (const fs::path& module : modules) {
    PC_ASSIGN_OR_RETURN(auto info, module_info_of(module));
    own.insert(module_name(info["name"]));
  }
  std::vector<std::string> needed;
  for (const fs::path& module : modules) {
    PC_ASSIGN_OR_RETURN(const std::vector<std::string> needs, depends_of(module));
    for (const std::string& need : needs) {
      if (!own.contains(module_name(need))) {
        needed.push_back(need);
      }
    }
  }
  return needed;
}

Status check_module_version(const fs::path& module, const std::string& kernel_version) {
  PC_ASSIGN_OR_RETURN(auto info, module_info_of(module));
  const std::string& magic = info["vermagic"];
  const std::string built_for = magic.substr(0, magic.find(' '));
  if (built_for != kernel_version) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("{} was built for kernel {}, and the guest's kernel is {}",
                    module.native(), built_for.empty() ? "?" : built_for, kernel_version),
        "build it for that kernel, or choose the kernel with --kernel");
  }
  return {};
}

}  // namespace powercut
