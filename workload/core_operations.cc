// SPDX-License-Identifier: GPL-2.0-only

#include "workload/core_operations.h"

#include "base/ensure.h"
#include "workload/name_model.h"
#include "workload/operation.h"
#include "workload/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace powercut {

namespace {

// What a word adds for a name; `name` is a file unless `directories`.
struct CoreWord {
  const char* word;
  bool directories;
  void (*add)(const NameSet& names, NameIndex name, std::vector<CoreOperation>& all);
};

template <CoreKind kKind>
void add_plain(const NameSet& /*names*/, NameIndex name,
               std::vector<CoreOperation>& all) {
  all.push_back({kKind, name, name});
}

template <CoreKind kKind, CoreRange... kRanges>
void add_ranges(const NameSet& /*names*/, NameIndex name,
                std::vector<CoreOperation>& all) {
  for (CoreRange range : {kRanges...}) {
    all.push_back({kKind, name, name, range});
  }
}

void add_allocate(const NameSet& /*names*/, NameIndex name,
                  std::vector<CoreOperation>& all) {
  for (AllocateMode mode :
       {AllocateMode::kAllocate, AllocateMode::kKeepSize, AllocateMode::kPunch,
        AllocateMode::kZero, AllocateMode::kZeroKeep}) {
    for (CoreRange range :
         {CoreRange::kAppend, CoreRange::kOverlap, CoreRange::kExtend}) {
      all.push_back(
          {CoreKind::kAllocate, name, name, range, static_cast<std::uint8_t>(mode)});
    }
  }
}

void add_link(const NameSet& names, NameIndex name, std::vector<CoreOperation>& all) {
  for (NameIndex other = 0; other < names.size(); ++other) {
    if (other != name && names.is_file(other)) {
      all.push_back({CoreKind::kLink, name, other});
    }
  }
}

void add_rename(const NameSet& names, NameIndex name, std::vector<CoreOperation>& all) {
  for (NameIndex other = 0; other < names.root(); ++other) {
    if (other == name || names.is_file(other) != names.is_file(name)) {
      continue;
    }
    if (names.is_file(name)) {
      all.push_back({CoreKind::kRename, name, other});
      all.push_back({CoreKind::kRenameOver, name, other});
    } else if (!names.is_below(other, name) && !names.is_below(name, other)) {
      all.push_back({CoreKind::kRename, name, other});
    }
  }
}

constexpr auto kWords = std::to_array<CoreWord>({
    {"creat", false, &add_plain<CoreKind::kCreate>},
    {"mkdir", true, &add_plain<CoreKind::kMkdir>},
    {"falloc", false, &add_allocate},
    {"write", false,
     &add_ranges<CoreKind::kWrite, CoreRange::kAppend, CoreRange::kOverlap,
                 CoreRange::kExtend>},
    {"dwrite", false,
     &add_ranges<CoreKind::kDirectWrite, CoreRange::kAppend, CoreRange::kOverlap>},
    {"mmapwrite", false,
     &add_ranges<CoreKind::kMmapWrite, CoreRange::kAppend, CoreRange::kOverlap>},
    {"link", false, &add_link},
    {"symlink", false, &add_plain<CoreKind::kSymlink>},
    {"unlink", false, &add_plain<CoreKind::kUnlink>},
    {"rmdir", true, &add_plain<CoreKind::kRmdir>},
    {"rename", false, &add_rename},
    {"rename", true, &add_rename},
    {"setxattr", false, &add_plain<CoreKind::kSetXattr>},
    {"removexattr", false, &add_plain<CoreKind::kRemoveXattr>},
    {"truncate", false,
     &add_ranges<CoreKind::kTruncate, CoreRange::kAppend, CoreRange::kOverlap>},
});

bool holds(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

NameSet::NameSet(bool nested) {
  std::vector<std::string> directories = {"A", "B"};
  if (nested) {
    directories.insert(directories.end(), {"A/C", "B/C"});
  }
  std::vector<std::string> all = {"foo", "bar"};
  for (const std::string& directory : directories) {
    all.insert(all.end(), {directory + "/foo", directory + "/bar"});
  }
  all.insert(all.end(), directories.begin(), directories.end());
  all.emplace_back("/");
  for (const std::string& path : all) {
    Name name;
    name.path = path;
    name.top = path[0] == 'A' ? 0 : path[0] == 'B' ? 1 : -1;
    name.leaf = path.ends_with("foo") ? 0 : path.ends_with("bar") ? 1 : -1;
    names_.push_back(name);
  }
  for (Name& name : names_) {
    name.parent = index_of(parent_path(name.path));
    std::string sibling = name.path;
    if (name.leaf >= 0) {
      sibling.replace(sibling.size() - 3, 3, name.leaf == 0 ? "bar" : "foo");
    } else if (sibling.size() == 1 && name.top >= 0) {
      sibling = name.top == 0 ? "B" : "A";
    }
    name.sibling = index_of(sibling);
  }
}

NameIndex NameSet::index_of(const std::string& path) const {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (names_[i].path == path) {
      return static_cast<NameIndex>(i);
    }
  }
  PC_ENSURE(false, "a name of the set");
  return 0;
}

bool NameSet::is_below(NameIndex name, NameIndex directory) const {
  while (name != root()) {
    name = parent(name);
    if (name == directory) {
      return true;
    }
  }
  return false;
}

bool changes_data(CoreKind kind) {
  return kind == CoreKind::kAllocate || kind == CoreKind::kWrite ||
         kind == CoreKind::kDirectWrite || kind == CoreKind::kMmapWrite ||
         kind == CoreKind::kTruncate;
}

std::vector<std::string> core_operation_words() {
  std::vector<std::string> words;
  for (const CoreWord& each : kWords) {
    if (!holds(words, each.word)) {
      words.emplace_back(each.word);
    }
  }
  return words;
}

Result<std::vector<CoreOperation>> core_operations(
    const NameSet& names, const std::vector<std::string>& only,
    const std::vector<std::string>& without) {
  const std::vector<std::string> known = core_operation_words();
  for (const std::vector<std::string>* words : {&only, &without}) {
    for (const std::string& word : *words) {
      if (!holds(known, word)) {
        const std::string near = nearest_word(word, known);
        return fail(ErrorKind::kUsage, fmt::format("unknown operation {}", shown(word)),
                    near.empty() ? fmt::format("there are: {}", fmt::join(known, " "))
                                 : fmt::format("did you mean {}?", near));
      }
    }
  }
  std::vector<CoreOperation> all;
  for (const CoreWord& each : kWords) {
    if ((!only.empty() && !holds(only, each.word)) || holds(without, each.word)) {
      continue;
    }
    for (NameIndex name = 0; name < names.root(); ++name) {
      if (names.is_file(name) != each.directories) {
        each.add(names, name, all);
      }
    }
  }
  if (all.empty()) {
    return fail(ErrorKind::kUsage, "no operation is left to make workloads of");
  }
  return all;
}

}  // namespace powercut
