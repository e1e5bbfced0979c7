// SPDX-License-Identifier: GPL-2.0-only
//
// What xfs_db's `print` says of a structure of XFS, as fields. Any text can be parsed:
// what does not look like a field is left out.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace powercut {

// "recs[1-2] = [startblock,blockcount]" and its rows "1:[10,6]"; of an array without
// columns ("ptrs[1-2] = 1:75 2:813") each row has one value.
struct XfsTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::uint64_t>> rows;  // without those that have a null
  std::vector<std::uint64_t> numbers;            // of the rows, what stands before ':'

  // The place of a column in a row that has as many values as there are columns.
  std::optional<std::size_t> column(std::string_view name) const;
};

// A name in a directory.
struct XfsEntry {
  std::uint64_t inode = 0;
  std::string name;
};

class XfsPrint {
 public:
  static XfsPrint parse(std::string_view text);

  // Of "core.size = 27", "bno = 0x1b", "core.format = 1 (local)", "core.mode = 0100644".
  std::optional<std::uint64_t> number(const std::string& field) const;
  std::uint64_t number_or(const std::string& field, std::uint64_t otherwise) const;

  // By its name without what is in brackets; nullptr: no such array.
  const XfsTable* table(const std::string& field) const;

  // The names of a directory that is in the inode or in a block, without . and .. ; those
  // that cannot be read back are left out.
  std::vector<XfsEntry> entries() const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;  // as they came
  std::map<std::string, std::string> by_name_;               // the first of each
  std::map<std::string, XfsTable> tables_;
};

// The bytes of a text that xfs_db quoted; nothing if it is no such text.
std::optional<std::string> unquote_xfs(std::string_view quoted);

}  // namespace powercut
