// SPDX-License-Identifier: GPL-2.0-only
//
// Stamped blocks of a raw device: a workload writes them, and whoever reads them back
// after a power cut can say of each sector which write left it there, or that no write
// did. The stamps are those of base/stamp.h, with the kind of content in place of the
// inode and the generation of the block in place of the sequence number.

#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace powercut {

enum class BlockContent : std::uint64_t {
  kWritten = 16,  // by a workload, with a generation from 1
  kSource = 17,   // what a device held that another one copies from
  kPoison = 18,   // what nobody must ever see
  kZeros = 0,     // not stamped
};

// "written", "source", "poison", "zeros".
Result<BlockContent> parse_block_content(const std::string& text);

// Stamps all sectors of a block; kZeros makes zeros. Generations are of kWritten, and 0
// otherwise.
void fill_stamped_block(std::span<std::byte> out, std::uint64_t block,
                        BlockContent content, std::uint64_t generation);

struct BlockRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // it belongs to the range
};

// "4K": a multiple of 512 bytes, 64 MiB at most.
Result<std::uint32_t> parse_stamped_block_bytes(const std::string& text);

// "7" or "0-63".
Result<BlockRange> parse_block_range(const std::string& text);

// A device or file that is read and written by blocks, past the page cache. Move-only.
class StampedBlocks {
 public:
  // `block_bytes`: a multiple of 512, and of the device's logical block.
  static Result<StampedBlocks> open(const std::filesystem::path& device,
                                    std::uint32_t block_bytes);
  ~StampedBlocks();
  StampedBlocks(StampedBlocks&& other) noexcept;
  StampedBlocks& operator=(StampedBlocks&&) = delete;
  StampedBlocks(const StampedBlocks&) = delete;
  StampedBlocks& operator=(const StampedBlocks&) = delete;

  std::uint64_t block_count() const { return block_count_; }

  // kZeros writes zeros. Generations are of kWritten, and 0 otherwise.
  Status write(std::uint64_t block, BlockContent content, std::uint64_t generation);
  Status discard(const BlockRange& range);
  Status flush();

  // What is wrong with the block if it may hold writes and what `initial` says: one line;
  // or else the least generation of its sectors, 0 where it has one of its initial
  // content. A block of which only some sectors were written is torn, and allowed.
  struct Sight {
    std::string fault;
    std::uint64_t generation = 0;
    bool zeros = false;  // all of it
  };

  Sight look(std::uint64_t block, const std::set<BlockContent>& initial);

  // What differs between this and another device in the block: one line, or nothing. The
  // names are what the line calls the two.
  Result<std::string> compare(std::uint64_t block, StampedBlocks& other,
                              const std::string& name, const std::string& other_name);

  // Writes the block `times` over, while a second thread changes the buffer between the
  // stamps of `generation` and those of the next: what a program must not do.
  Status scribble(std::uint64_t block, std::uint64_t generation, unsigned times);

  // The same through a mapping: the kernel writes the page back `times` over, while a
  // thread goes on to store to it. What it stored last is left to the kernel, which
  // writes it when the device is closed by all who have it open.
  Status scribble_mapped(std::uint64_t block, std::uint64_t generation, unsigned times);

 private:
  Status read(std::uint64_t block);
  void fill(std::uint64_t block, BlockContent content, std::uint64_t generation);
  std::string describe(std::uint64_t offset_bytes) const;
  std::vector<std::byte> version(std::uint64_t block, std::uint64_t generation) const;
  StampedBlocks() = default;

  std::string fault_of_sector(std::uint64_t offset_bytes,
                              const std::set<BlockContent>& initial,
                              std::uint64_t& generation) const;

  int fd_ = -1;
  std::string name_;
  std::uint32_t block_bytes_ = 0;
  std::uint64_t block_count_ = 0;
  std::byte* buffer_ = nullptr;  // of a block, aligned for direct I/O
};

}  // namespace powercut
