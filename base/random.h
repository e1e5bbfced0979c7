// SPDX-License-Identifier: GPL-2.0-only
//
// The one source of randomness: SplitMix64 (Steele, Lea, Flood 2014), seeded by the
// user and passed down. Same seed, same numbers, on every machine.

#pragma once

#include <cstdint>

namespace powercut {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  // Uniform in [0, bound), bound > 0. The bias of the modulo is below 2^-32 for the
  // bounds in use (numbers of options).
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

  // Uniform in [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

 private:
  std::uint64_t state_;
};

}  // namespace powercut
