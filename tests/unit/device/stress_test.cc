// SPDX-License-Identifier: GPL-2.0-only
//
// Random writes of a file, what the model knows of them, and what is told.

#include "device/stamped_blocks.h"
#include "device/stress_file.h"
#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace powercut {
namespace {

constexpr std::uint32_t kBlock = 4096;
constexpr std::size_t kBlocks = 16;

struct Told {
  std::map<std::size_t, std::uint64_t> begun;
  std::map<std::size_t, std::uint64_t> acknowledged;

  Status operator()(const char* verb, std::size_t block, std::uint64_t generation) {
    std::uint64_t& last = std::string(verb) == "ack" ? acknowledged[block] : begun[block];
    CHECK(generation > last);
    last = generation;
    return {};
  }
};

std::filesystem::path file_in(const ScratchDir& dir) {
  const std::filesystem::path file = dir / "file";
  std::ofstream(file).close();
  std::filesystem::resize_file(file, kBlocks * kBlock);
  return file;
}

TEST_CASE("what stress wrote is there, and told as its model has it",
          "[device][stress]") {
  const ScratchDir dir;
  const std::filesystem::path path = file_in(dir);
  StressFile file = value_or_throw(StressFile::open(path, kBlock));
  REQUIRE(file.block_count() == kBlocks);
  StressModel model(kBlocks);
  Told told;
  Random random(7);
  const auto failed = value_or_throw(file.run(random, 60, model, std::ref(told)));
  CHECK_FALSE(failed);
  StampedBlocks blocks = value_or_throw(StampedBlocks::open(path, kBlock));
  std::size_t synced = 0;
  for (std::size_t i = 0; i < kBlocks; ++i) {
    CHECK(blocks.look(i, {BlockContent::kZeros}).generation == model.block(i).begun);
    CHECK(told.begun[i] == model.block(i).begun);
    CHECK(told.acknowledged[i] == model.block(i).acknowledged);
    synced += model.block(i).acknowledged > 0 ? 1 : 0;
  }
  CHECK(synced > 0);
}

TEST_CASE("stress ends with the first operation that fails", "[device][stress]") {
  const ScratchDir dir;
  StressFile file = value_or_throw(StressFile::open(file_in(dir), kBlock));
  StressModel model(kBlocks);
  Random random(7);
  std::size_t told = 0;
  const auto refuse = [&](const char*, std::size_t, std::uint64_t) -> Status {
    return ++told == 3 ? Status(fail(ErrorKind::kSystem, "no recording")) : Status();
  };
  CHECK_FALSE(file.run(random, 60, model, refuse));
  CHECK(told == 3);
  CHECK_FALSE(StressFile::open(dir / "none", kBlock));
  std::ofstream(dir / "empty").close();
  CHECK_FALSE(StressFile::open(dir / "empty", kBlock));
}

TEST_CASE("a model is kept as it was", "[device][stress]") {
  const ScratchDir dir;
  StressModel model(3);
  model.begin(1);
  model.acknowledge(1);
  model.begin(1);
  model.begin(2);
  REQUIRE(model.save(dir / "model"));
  const StressModel again = value_or_throw(StressModel::load(dir / "model", 3));
  CHECK(again.block(0).begun == 0);
  CHECK(again.block(1).acknowledged == 1);
  CHECK(again.block(1).begun == 2);
  CHECK(again.block(2).begun == 1);
  CHECK_FALSE(StressModel::load(dir / "model", 2));
  CHECK_FALSE(StressModel::load(dir / "model", 4));
  std::ofstream(dir / "other") << "0 1\n2 1\n0 0\n";
  CHECK_FALSE(StressModel::load(dir / "other", 3));
  std::ofstream(dir / "text") << "0 1\nx\n";
  CHECK_FALSE(StressModel::load(dir / "text", 3));
  CHECK(value_or_throw(StressModel::load(dir / "none", 5)).block_count() == 5);
}

TEST_CASE("a block is wrong if it is older than acknowledged or newer than begun",
          "[device][stress]") {
  const auto wrong = [](std::uint64_t generation) {
    StressModel model(1);
    for (int i = 0; i < 3; ++i) {
      model.begin(0);
      if (i < 2) {
        model.acknowledge(0);
      }
    }
    const std::string text = model.settle(0, generation);
    CHECK(model.block(0).acknowledged == generation);
    CHECK(model.block(0).begun >= generation);
    return text;
  };
  CHECK(wrong(1) == "block 0 holds write 1, and write 2 was acknowledged");
  CHECK(wrong(2).empty());
  CHECK(wrong(3).empty());
  CHECK(wrong(4) == "block 0 holds write 4, and 3 was the last one begun");
}

}  // namespace
}  // namespace powercut
