// SPDX-License-Identifier: GPL-2.0-only

#include "workload/stack_disk.h"

#include "base/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace powercut {

namespace {

constexpr std::uint64_t kLeastBytes = 64 << 10;
constexpr std::size_t kMostNameBytes = 40;  // of 48 in a log's device table

bool is_variable(const std::string& name) {
  return !name.empty() && name.size() <= kMostNameBytes &&
         std::all_of(name.begin(), name.end(),
                     [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                              c == '_';
                     }) &&
         (name[0] < '0' || name[0] > '9');
}

}  // namespace

Result<StackDisk> read_stack_disk(const std::vector<Word>& words) {
  const bool domain = words.size() == 4 && words[2].text == "domain";
  if (words.size() != 2 && !domain) {
    return fail(ErrorKind::kUsage, "disk: a name and a size are wanted",
                "disk NAME SIZE [domain N]");
  }
  StackDisk disk;
  disk.name = words[0].text;
  if (!is_variable(disk.name)) {
    return fail(ErrorKind::kUsage, fmt::format("'{}' is no name for a disk", disk.name),
                "small letters, digits and _: it becomes a variable of the scripts");
  }
  PC_ASSIGN_OR_RETURN(disk.size_bytes, parse_bytes(words[1].text));
  if (disk.size_bytes < kLeastBytes || disk.size_bytes % 4096 != 0) {
    return fail(ErrorKind::kUsage, fmt::format("a disk of {} bytes", disk.size_bytes),
                "at least 64K, and a multiple of 4096");
  }
  if (domain) {
    const std::string& text = words[3].text;
    std::uint32_t number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) {
      return fail(ErrorKind::kUsage, fmt::format("'{}' is no flush domain", text),
                  "a number: disks of one domain share one volatile cache");
    }
    disk.domain = number;
  }
  return disk;
}

}  // namespace powercut
