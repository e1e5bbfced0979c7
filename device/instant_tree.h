// SPDX-License-Identifier: GPL-2.0-only
//
// A tree of names, each a directory or a disk, as an InstantServer shows it: all that it
// knows of what the names mean.

#pragma once

#include "base/block_source.h"
#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace powercut {

struct InstantEntry {
  bool is_directory = false;
  std::uint64_t size_bytes = 0;  // of a disk; a multiple of 512
};

// Paths are relative to the root, which is "", and have no '/' at their ends. What a path
// is never changes. Thread-safe.
class InstantTree {
 public:
  virtual ~InstantTree() = default;

  // Nothing: there is no such name. Cheap: `ls -l` asks this for each name.
  virtual std::optional<InstantEntry> find(const std::string& path) const = 0;

  // What a listing of a directory shows: `name` of each index below `count`. A directory
  // may have more names, which are found and not listed.
  virtual std::size_t listed_count(const std::string& directory) const = 0;
  virtual std::string listed_name(const std::string& directory,
                                  std::size_t index) const = 0;

  // What a disk holds; asked for when it is opened.
  virtual Result<std::shared_ptr<const BlockSource>> source(
      const std::string& path) const = 0;
};

}  // namespace powercut
