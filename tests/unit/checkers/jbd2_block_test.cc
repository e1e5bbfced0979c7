// SPDX-License-Identifier: GPL-2.0-only
//
// Blocks of a journal, byte by byte as include/linux/jbd2.h lays them out.

#include "checkers/jbd2_block.h"

#include <catch2/catch.hpp>

namespace powercut {
namespace {

using Bytes = std::vector<std::byte>;
using Kind = Jbd2Block::Kind;

class Block {
 public:
  Block(std::uint32_t type, std::uint32_t transaction) : bytes_(1024) {
    be32(0xC03B3998).be32(type).be32(transaction);
  }

  Block& be32(std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      bytes_[at_++] = static_cast<std::byte>(value >> shift & 0xff);
    }
    return *this;
  }

  Block& be16(std::uint32_t value) {
    bytes_[at_++] = static_cast<std::byte>(value >> 8 & 0xff);
    bytes_[at_++] = static_cast<std::byte>(value & 0xff);
    return *this;
  }

  Block& skip(std::size_t bytes) {
    at_ += bytes;
    return *this;
  }

  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

Jbd2Form form_of(std::uint32_t incompat) {
  Block super(4, 0);
  super.be32(1024).be32(4096).be32(1).be32(7).be32(0).be32(0).be32(0).be32(incompat);
  return read_jbd2_form(super.bytes()).value();
}

TEST_CASE("the journal's superblock tells the form", "[checkers][jbd2]") {
  const Jbd2Form form = form_of(0x2 | 0x10);
  CHECK(form.block_bytes == 1024);
  CHECK(form.wide_blocks);
  CHECK(form.checksum_v3);
  CHECK_FALSE(form.checksum_v2);
  CHECK_FALSE(read_jbd2_form(Bytes(1024)));
  CHECK_FALSE(read_jbd2_form(Block(2, 1).bytes()));
}

TEST_CASE("a descriptor tells where the blocks behind it belong", "[checkers][jbd2]") {
  Block v3(1, 9);
  v3.be32(70).be32(0).be32(1).be32(0xabcd).skip(16);  // with a UUID, a wide number
  v3.be32(71).be32(2).be32(0).be32(0xabcd);
  v3.be32(72).be32(2 | 8).be32(0).be32(0xabcd);  // the last
  v3.be32(73).be32(2).be32(0).be32(0);
  const Jbd2Block read = read_jbd2_block(v3.bytes(), form_of(0x12)).value();
  CHECK(read.kind == Kind::kDescriptor);
  CHECK(read.blocks == std::vector<std::uint64_t>{(1ULL << 32) + 70, 71, 72});
  CHECK(read.text() == "descriptor of transaction 9 (3 blocks)");
  Block v1(1, 3);
  v1.be32(70).be16(0).be16(0).skip(16);
  v1.be32(71).be16(0).be16(2 | 8);
  CHECK(read_jbd2_block(v1.bytes(), form_of(0))->blocks ==
        std::vector<std::uint64_t>{70, 71});
  Block v2(1, 3);
  v2.be32(70).be16(5).be16(2).be32(0).skip(2);
  v2.be32(71).be16(5).be16(2 | 8).be32(0);
  CHECK(read_jbd2_block(v2.bytes(), form_of(0x2 | 0x8))->blocks ==
        std::vector<std::uint64_t>{70, 71});
}

TEST_CASE("the other blocks of a journal", "[checkers][jbd2]") {
  CHECK(read_jbd2_block(Block(2, 7).bytes(), form_of(0))->text() ==
        "commit of transaction 7");
  CHECK(read_jbd2_block(Block(4, 0).bytes(), form_of(0))->text() == "its superblock");
  Block revoke(5, 8);
  revoke.be32(16 + 8).be32(100).be32(200).be32(300);
  const Jbd2Block read = read_jbd2_block(revoke.bytes(), form_of(0)).value();
  CHECK(read.text() == "revoke of transaction 8 (2 blocks)");
  CHECK(read.blocks == std::vector<std::uint64_t>{100, 200});
}

TEST_CASE("what is no block of a journal, or lies, is read safely", "[checkers][jbd2]") {
  CHECK_FALSE(read_jbd2_block(Bytes(1024), form_of(0)));
  CHECK_FALSE(read_jbd2_block(Block(9, 1).bytes(), form_of(0)));
  CHECK_FALSE(read_jbd2_block(Bytes(8), form_of(0)));
  Block revoke(5, 8);
  revoke.be32(0xffffffff);  // longer than the block
  CHECK(read_jbd2_block(revoke.bytes(), form_of(0))->blocks.size() == (1024 - 16) / 4);
  Block tags(1, 1);
  for (int i = 0; i < 250; ++i) {
    tags.be32(2);  // flags "same UUID", never the last
  }
  CHECK(read_jbd2_block(tags.bytes(), form_of(0x10))->blocks.size() <= 1024 / 16);
}

}  // namespace
}  // namespace powercut
