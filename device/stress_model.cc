// SPDX-License-Identifier: GPL-2.0-only

#include "device/stress_model.h"

#include <fmt/format.h>

#include <fstream>

namespace powercut {

Result<StressModel> StressModel::load(const std::filesystem::path& file,
                                      std::size_t block_count) {
  StressModel model(block_count);
  if (!std::filesystem::exists(file)) {
    return model;
  }
  std::ifstream in(file);
  std::size_t count = 0;
  Block block;
  while (in >> block.acknowledged >> block.begun) {
    if (block.acknowledged > block.begun || count == block_count) {
      return fail(ErrorKind::kBadInput,
                  fmt::format("{}, line {}: no model of {} blocks", file.native(),
                              count + 1, block_count),
                  "it is what `powercut stress --model` wrote, of the same file");
    }
    model.blocks_[count++] = block;
  }
  if (!in.eof() || count != block_count) {
    return fail(ErrorKind::kBadInput,
                fmt::format("{} is no model of {} blocks", file.native(), block_count),
                "it is what `powercut stress --model` wrote, of the same file");
  }
  return model;
}

Status StressModel::save(const std::filesystem::path& file) const {
  std::ofstream out(file, std::ios::trunc);
  for (const Block& block : blocks_) {
    out << block.acknowledged << ' ' << block.begun << '\n';
  }
  if (!out.flush()) {
    return fail(ErrorKind::kSystem, fmt::format("cannot write {}", file.native()));
  }
  return {};
}

std::string StressModel::settle(std::size_t number, std::uint64_t generation) {
  Block& block = blocks_[number];
  std::string wrong;
  if (generation < block.acknowledged) {
    wrong = fmt::format("block {} holds write {}, and write {} was acknowledged", number,
                        generation, block.acknowledged);
  } else if (generation > block.begun) {
    wrong = fmt::format("block {} holds write {}, and {} was the last one begun", number,
                        generation, block.begun);
    block.begun = generation;
  }
  block.acknowledged = generation;
  return wrong;
}

}  // namespace powercut
