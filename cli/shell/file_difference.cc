// SPDX-License-Identifier: GPL-2.0-only

#include "cli/shell/file_difference.h"

#include "base/signals.h"
#include "checkers/ext2_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace powercut {

namespace {

constexpr std::uint32_t kUnitBytes = 65536;

using UnitsByPlace = std::map<std::pair<std::string, std::uint64_t>, const Ext2DataUnit*>;

UnitsByPlace by_place(const Ext2Files& files) {
  UnitsByPlace units;
  for (const Ext2DataUnit& unit : files.units) {
    units[{unit.path, unit.offset_bytes}] = &unit;
  }
  return units;
}

std::vector<std::byte> content(const StateFiles& files, const Ext2DataUnit* unit,
                               std::size_t bytes) {
  // A hole is no unit, and reads as zeros.
  std::vector<std::byte> held = unit == nullptr
                                    ? std::vector<std::byte>{}
                                    : value_or_throw(read_unit(files.subject, 0, *unit));
  held.resize(std::max(bytes, held.size()));
  return held;
}

}  // namespace

std::vector<std::string> file_differences(const StateFiles& a, const StateFiles& b,
                                          std::size_t most) {
  const Ext2Units wanted{kUnitBytes, true};
  const Ext2Files files_a = value_or_throw(read_ext2_files(a.subject, 0, wanted));
  const Ext2Files files_b = value_or_throw(read_ext2_files(b.subject, 0, wanted));
  std::vector<std::string> lines =
      differences(files_a.tree, files_b.tree, "A", "B", most);
  const UnitsByPlace units_a = by_place(files_a);
  const UnitsByPlace units_b = by_place(files_b);
  UnitsByPlace all = units_a;
  all.insert(units_b.begin(), units_b.end());
  std::string told;  // the path of the latest line
  std::size_t count = 0;
  for (const auto& [place, unit] : all) {
    if (interrupted()) {
      throw Failure(Error{ErrorKind::kInterrupted, "interrupted", {}});
    }
    const auto& [path, offset] = place;
    const auto in_tree = [&path = path](const Ext2Files& files) {
      return std::any_of(files.tree.begin(), files.tree.end(),
                         [&](const FileNode& node) { return node.path == path; });
    };
    if (path == told || count == most) {
      continue;
    }
    const auto unit_a = units_a.find(place);
    const auto unit_b = units_b.find(place);
    const std::vector<std::byte> bytes_a = content(
        a, unit_a == units_a.end() ? nullptr : unit_a->second, unit->length_bytes);
    const std::vector<std::byte> bytes_b =
        content(b, unit_b == units_b.end() ? nullptr : unit_b->second, bytes_a.size());
    const auto differ = std::mismatch(bytes_a.begin(), bytes_a.end(), bytes_b.begin());
    if (differ.first == bytes_a.end() || !in_tree(files_a) || !in_tree(files_b)) {
      continue;  // what only one has is told already
    }
    told = path;
    ++count;
    lines.push_back(
        fmt::format("content differs: {} from byte {} on", escape_name(path),
                    offset + static_cast<std::uint64_t>(differ.first - bytes_a.begin())));
  }
  return lines;
}

}  // namespace powercut
