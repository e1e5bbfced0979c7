// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/source_module.h"

#include "device/guest/kernel_source.h"
#include "device/guest/module_build.h"
#include "device/run_dir.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <vector>

namespace powercut {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = "drivers/md";

// What the sources of the table include beside the kernel's headers.
constexpr std::array<std::string_view, 13> kHeaders = {
    "dm.h",
    "dm-stats.h",
    "dm-bio-prison-v1.h",
    "dm-clone-metadata.h",
    "dm-thin-metadata.h",
    "persistent-data/dm-array.h",
    "persistent-data/dm-bitset.h",
    "persistent-data/dm-block-manager.h",
    "persistent-data/dm-btree.h",
    "persistent-data/dm-space-map.h",
    "persistent-data/dm-space-map-disk.h",
    "persistent-data/dm-space-map-metadata.h",
    "persistent-data/dm-transaction-manager.h",
};

// The destination is not flushed before the commit, and nobody is told that it was: the
// user's flush goes on to it after the commit, as before the fix.
constexpr std::array<SourcePiece, 2> kNoDestinationFlush = {{
    {"dm-clone-target.c", "r = blkdev_issue_flush(clone->dest_dev->bdev);", "r = 0;"},
    {"dm-clone-target.c", "*dest_dev_flushed = true;", "*dest_dev_flushed = false;"},
}};
constexpr std::array<SourceEdit, 1> kCloneEdits = {
    {{"no-destination-flush", "8b3fd1f53af3", kNoDestinationFlush}}};
constexpr std::array<std::string_view, 2> kCloneUnits = {"dm-clone-target",
                                                         "dm-clone-metadata"};

// The same of a thin pool, whose user's flushes are those that it had put off.
constexpr std::array<SourcePiece, 2> kNoDataFlush = {{
    {"dm-thin.c", "return blkdev_issue_flush(pool->data_dev);",
     "return pool->data_dev ? 0 : -ENODEV;"},
    {"dm-thin.c", "if (bio->bi_opf & REQ_PREFLUSH)\n\t\t\tbio_endio(bio);",
     "if (0)\n\t\t\tbio_endio(bio);"},
}};
constexpr std::array<SourceEdit, 1> kThinEdits = {
    {{"no-data-flush", "694cfe7f31db", kNoDataFlush}}};
constexpr std::array<std::string_view, 2> kThinUnits = {"dm-thin", "dm-thin-metadata"};

constexpr std::array<SourceModule, 2> kModules = {{
    {"dm-clone", kCloneUnits, kCloneEdits},
    {"dm-thin-pool", kThinUnits, kThinEdits},
}};

std::string known_modules() {
  std::string known;
  for (const SourceModule& module : kModules) {
    known += fmt::format("{}{}", known.empty() ? "" : ", ", module.name);
    for (const SourceEdit& edit : module.edits) {
      known += fmt::format(", {}:{}", module.name, edit.name);
    }
  }
  return known;
}

Result<const SourceModule*> find_module(std::string_view name) {
  const auto* found = std::ranges::find(kModules, name, &SourceModule::name);
  if (found == kModules.end()) {
    return fail(ErrorKind::kUsage,
                fmt::format("no module '{}' that is built from a source", name),
                "there are " + known_modules());
  }
  return found;
}

// Null for an empty name.
Result<const SourceEdit*> find_edit(const SourceModule& module, std::string_view name) {
  const std::span<const SourceEdit>::iterator found =
      std::ranges::find(module.edits, name, &SourceEdit::name);
  if (name.empty()) {
    return nullptr;
  }
  if (found == module.edits.end()) {
    return fail(ErrorKind::kUsage,
                fmt::format("no edit '{}' of the module {}", name, module.name),
                "there are " + known_modules());
  }
  return &*found;
}

// Two targets of one name cannot be, and the guest takes a module that is there already
// for one that it need not load.
Status check_not_built_in(const SourceModule& module, const ModuleTree& kernel) {
  const std::string name(module.name);
  if (!kernel.has(name)) {
    return {};
  }
  PC_ASSIGN_OR_RETURN(const std::vector<fs::path> files, kernel.load_order({name}));
  if (files.empty()) {
    return fail(ErrorKind::kUsage,
                fmt::format("kernel {} has {} built in: no other can be loaded",
                            kernel.kernel_version(), name),
                "choose a kernel that has it as a module, or not at all");
  }
  return {};
}

// All that any module needs, so that a package is read once.
std::vector<std::string> all_files() {
  std::vector<std::string> files;
  for (const SourceModule& module : kModules) {
    for (const std::string_view unit : module.units) {
      files.push_back(fmt::format("{}/{}.c", kFolder, unit));
    }
  }
  for (const std::string_view header : kHeaders) {
    files.push_back(fmt::format("{}/{}", kFolder, header));
  }
  return files;
}

Status write_text(const fs::path& file, const std::string& text) {
  std::ofstream stream(file, std::ios::binary);
  stream << text;
  stream.close();
  if (!stream) {
    return fail(ErrorKind::kSystem, fmt::format("cannot write {}", file.native()));
  }
  return {};
}

// Sources and headers lie in one folder for build_module().
std::string without_subfolder(std::string text) {
  constexpr std::string_view kIncluded = "#include \"persistent-data/";
  constexpr std::string_view kHere = "#include \"";
  for (std::size_t at = text.find(kIncluded); at != std::string::npos;
       at = text.find(kIncluded, at)) {
    text.replace(at, kIncluded.size(), kHere);
  }
  return text;
}

Status put_source(const fs::path& from, const fs::path& folder, const SourceEdit* edit) {
  const std::string file = from.filename();
  PC_ASSIGN_OR_RETURN(std::string text, read_source(from));
  if (edit != nullptr) {
    PC_ASSIGN_OR_RETURN(text, edit_source(std::move(text), file, *edit));
  }
  return write_text(folder / file, without_subfolder(std::move(text)));
}

std::string kbuild_text(const SourceModule& module) {
  std::string objects;
  for (const std::string_view unit : module.units) {
    objects += fmt::format(" {}.o", unit);
  }
  return fmt::format("obj-m := {0}.o\n{0}-y :={1}\n", module.name, objects);
}

}  // namespace

std::span<const SourceModule> source_modules() {
  return kModules;
}

Result<std::string> edit_source(std::string text, std::string_view file,
                                const SourceEdit& edit) {
  for (const SourcePiece& piece : edit.pieces) {
    if (piece.file != file) {
      continue;
    }
    const std::size_t at = text.find(piece.find);
    if (at == std::string::npos || text.find(piece.find, at + 1) != std::string::npos) {
      return fail(
          ErrorKind::kBadInput,
          fmt::format("{} is not known to the edit {}: '{}' is there {}", file, edit.name,
                      piece.find.substr(0, piece.find.find('\n')),
                      at == std::string::npos ? "nowhere" : "more than once"),
          fmt::format("the edit takes the fix of commit {} out, and is for sources of "
                      "Linux 6.1",
                      edit.commit));
    }
    text.replace(at, piece.find.size(), piece.replace);
  }
  return text;
}

Result<fs::path> build_source_module(std::string_view name, std::string_view edit_name,
                                     const ModuleTree& kernel, const fs::path& packages) {
  PC_ASSIGN_OR_RETURN(const SourceModule* module, find_module(name));
  PC_ASSIGN_OR_RETURN(const SourceEdit* edit, find_edit(*module, edit_name));
  PC_RETURN_IF_ERROR(check_not_built_in(*module, kernel));
  PC_RETURN_IF_ERROR(check_module_headers(kernel));
  PC_ASSIGN_OR_RETURN(const fs::path source,
                      kernel_source(kernel, all_files(), packages));
  const fs::path folder = source / kFolder;
  PC_ASSIGN_OR_RETURN(const RunDir run_dir, RunDir::create());
  PC_ASSIGN_OR_RETURN(const fs::path edited, run_dir.make_directory("edited"));
  for (const std::string_view unit : module->units) {
    PC_RETURN_IF_ERROR(put_source(folder / fmt::format("{}.c", unit), edited, edit));
  }
  for (const std::string_view header : kHeaders) {
    PC_RETURN_IF_ERROR(put_source(folder / header, edited, nullptr));
  }
  PC_RETURN_IF_ERROR(write_text(edited / "Kbuild", kbuild_text(*module)));
  return build_module({edited, std::string(name)}, kernel);
}

}  // namespace powercut
