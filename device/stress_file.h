// SPDX-License-Identifier: GPL-2.0-only
//
// Random writes and syncs of a file, in blocks that are known again (stamped_blocks.h),
// until something fails: what runs while the power is switched off.

#pragma once

#include "base/fd.h"
#include "base/random.h"
#include "base/result.h"
#include "device/stress_model.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace powercut {

// Not thread-safe. The file must have its size, and keeps it.
class StressFile {
 public:
  // Before a write is sent, and when it has been acknowledged.
  using Tell = std::function<Status(const char* verb, std::size_t block,
                                    std::uint64_t generation)>;

  static Result<StressFile> open(const std::filesystem::path& file,
                                 std::uint32_t block_bytes);

  std::size_t block_count() const { return block_count_; }

  // Up to `operations` operations: writes of 1 to 4 blocks (through the page cache, past
  // it, or O_DSYNC), fsync and fdatasync. Ends with the first that fails, and says which
  // and why; nothing: none did. An Error is one of `tell`, which ends it too.
  Result<std::optional<std::string>> run(Random& random, std::uint64_t operations,
                                         StressModel& model, const Tell& tell);

 private:
  StressFile() = default;

  Result<std::optional<std::string>> write(Random& random, int fd, const char* how,
                                           StressModel& model, const Tell& tell);
  Status acknowledge_dirty(StressModel& model, const Tell& tell);

  Fd cached_;
  Fd direct_;
  Fd synced_;
  std::uint32_t block_bytes_ = 0;
  std::size_t block_count_ = 0;
  std::set<std::size_t> dirty_;     // written and not synced
  std::vector<std::byte> storage_;  // for the blocks of a write, and for its alignment
};

}  // namespace powercut
