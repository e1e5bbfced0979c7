// SPDX-License-Identifier: GPL-2.0-only

#include "device/footprint.h"

#include "base/ensure.h"

#include <bit>
#include <utility>

namespace powercut {
namespace {

constexpr std::uint32_t kMinUnitBytes = 512;
constexpr std::uint32_t kMaxUnitBytes = 65536;

std::uint64_t count_units(std::uint64_t size_bytes, std::uint32_t unit_bytes) {
  PC_ENSURE(std::has_single_bit(unit_bytes) && unit_bytes >= kMinUnitBytes &&
                unit_bytes <= kMaxUnitBytes,
            "a footprint unit is a power of two from 512 to 65536 bytes");
  return (size_bytes + unit_bytes - 1) / unit_bytes;
}

}  // namespace

void UnitList::add(std::uint64_t unit) {
  if (!contains(unit)) {
    bits_[unit / 64] |= std::uint64_t{1} << (unit % 64);
    units_.push_back(unit);
  }
}

std::vector<std::uint64_t> UnitList::clear() {
  for (const std::uint64_t unit : units_) {
    bits_[unit / 64] = 0;
  }
  return std::exchange(units_, {});
}

Footprint::Footprint(std::uint64_t size_bytes, std::uint32_t unit_bytes)
    : unit_bytes_(unit_bytes),
      base_(count_units(size_bytes, unit_bytes)),
      current_(count_units(size_bytes, unit_bytes)) {}

void Footprint::begin_probe(std::size_t index) {
  if (index == probe_) {
    return;
  }
  if (probe_ != 0) {
    past_[probe_] = current_.clear();
  }
  probe_ = index;
  if (past_.size() <= index) {
    past_.resize(index + 1);
  }
  if (index != 0) {
    for (const std::uint64_t unit : std::exchange(past_[index], {})) {
      current_.add(unit);
    }
  }
}

void Footprint::add(std::uint64_t unit) {
  if (!base_.contains(unit)) {
    (probe_ == 0 ? base_ : current_).add(unit);
  }
}

std::vector<std::uint64_t> Footprint::units(std::size_t probe) const {
  if (probe == 0) {
    return base_.units();
  }
  if (probe == probe_) {
    return current_.units();
  }
  return probe < past_.size() ? past_[probe] : std::vector<std::uint64_t>{};
}

void Footprint::reset() {
  base_.clear();
  current_.clear();
  past_.clear();
  probe_ = 0;
}

}  // namespace powercut
