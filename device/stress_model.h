// SPDX-License-Identifier: GPL-2.0-only
//
// What a program that writes stamped blocks knows of its file: of each block, which
// generation it began to write last, and which was acknowledged last. Kept in a file
// outside of what is tested, so that it outlives a power failure there.

#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace powercut {

class StressModel {
 public:
  struct Block {
    std::uint64_t acknowledged = 0;  // 0: what was there before
    std::uint64_t begun = 0;         // not less than that
  };

  explicit StressModel(std::size_t block_count) : blocks_(block_count) {}

  // Of `block_count` blocks of which nothing is known, if there is no such file. An
  // Error: it is no model, or one of another number of blocks.
  static Result<StressModel> load(const std::filesystem::path& file,
                                  std::size_t block_count);
  Status save(const std::filesystem::path& file) const;

  std::size_t block_count() const { return blocks_.size(); }

  const Block& block(std::size_t number) const { return blocks_[number]; }

  // The next generation of a block, which is begun by that.
  std::uint64_t begin(std::size_t number) { return ++blocks_[number].begun; }

  // What was begun last.
  void acknowledge(std::size_t number) {
    blocks_[number].acknowledged = blocks_[number].begun;
  }

  // Takes what is there for acknowledged. Returns what is wrong with it, a line, or
  // nothing: older than what was acknowledged, or never begun.
  std::string settle(std::size_t number, std::uint64_t generation);

 private:
  std::vector<Block> blocks_;
};

}  // namespace powercut
