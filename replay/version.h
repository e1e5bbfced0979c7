// SPDX-License-Identifier: GPL-2.0-only
//
// What one unit of a device can hold: units are the power-of-two blocks in which states
// are told apart; a version says which write (or what else) gave a unit its content.

#pragma once

#include "replay/write.h"

#include <cstdint>

namespace powercut {

// A unit of a device as one number: device in the upper 8 bits, unit number below.
using UnitKey = std::uint64_t;

constexpr UnitKey make_unit(std::uint16_t device, std::uint64_t number) {
  return (std::uint64_t{device} << 56) | number;
}

constexpr std::uint16_t device_of(UnitKey unit) {
  return static_cast<std::uint16_t>(unit >> 56);
}

constexpr std::uint64_t number_of(UnitKey unit) {
  return unit & ((std::uint64_t{1} << 56) - 1);
}

struct Version {
  enum class Kind : std::uint8_t {
    kBase,     // what the device held before the recording
    kWrite,    // the bytes of write `ref`
    kGarbage,  // what a fault left; a fixed pattern that depends on the unit
    kMixed,    // sectors of several writes: StateSpace::mixed(ref)
  };
  Kind kind = Kind::kBase;
  std::uint32_t ref = 0;

  friend bool operator==(const Version&, const Version&) = default;
};

}  // namespace powercut
