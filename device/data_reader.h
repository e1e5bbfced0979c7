// SPDX-License-Identifier: GPL-2.0-only
//
// Reads what regular files of a mounted file system hold, unit by unit and past the page
// cache, so that each unit is one request to the disk.

#pragma once

#include "base/fd.h"
#include "base/mount_report.h"
#include "device/problem_list.h"
#include "device/tree_walk.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace powercut {

// Not thread-safe. Opens every file when it is made, as far as descriptors last, so that
// the reading itself needs nothing but the data. Only what extents cover is read: no
// holes, nothing unwritten; the whole file where the file system does not tell extents.
class DataReader {
 public:
  // Units are of request.data_unit_bytes, a multiple of 512; `block_bytes` is the logical
  // block of the disk. A file that cannot be opened is a problem and has no units.
  DataReader(int root, const TreeWalk& walk, const MountRequest& request,
             std::uint32_t block_bytes, ProblemList& problems);
  ~DataReader();
  DataReader(const DataReader&) = delete;
  DataReader& operator=(const DataReader&) = delete;

  // Calls `begin_unit(i)` before it reads unit i.
  std::vector<DataUnit> read(const std::function<void(std::size_t unit)>& begin_unit);

 private:
  struct File;

  struct Free {
    void operator()(void* memory) const;
  };

  void read_unit(const File& file, const Fd& fd, std::uint64_t offset_bytes,
                 DataUnit& unit);

  int root_;
  std::uint32_t unit_bytes_;
  std::uint32_t block_bytes_;
  bool want_bytes_;
  ProblemList& problems_;
  std::vector<File> files_;
  std::size_t buffer_bytes_;
  std::unique_ptr<std::byte[], Free> buffer_;  // aligned for direct I/O
};

}  // namespace powercut
