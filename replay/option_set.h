// SPDX-License-Identifier: GPL-2.0-only
//
// A set of options of one variable (lost or kept; version 0, 1, 2, ...).

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace powercut {

class OptionSet {
 public:
  OptionSet() = default;

  explicit OptionSet(std::uint32_t options) {
    if (options > kWordBits) {
      more_.resize((options - 1) / kWordBits);
    }
  }

  static OptionSet all(std::uint32_t options) {
    OptionSet set(options);
    for (std::uint32_t i = 0; i < options; ++i) {
      set.add(i);
    }
    return set;
  }

  static OptionSet only(std::uint32_t options, std::uint32_t option) {
    OptionSet set(options);
    set.add(option);
    return set;
  }

  void add(std::uint32_t option) {
    (option < kWordBits ? first_ : more_[option / kWordBits - 1]) |=
        std::uint64_t{1} << (option % kWordBits);
  }

  bool has(std::uint32_t option) const {
    std::uint64_t word = option < kWordBits ? first_ : more_[option / kWordBits - 1];
    return (word >> (option % kWordBits) & 1) != 0;
  }

  std::uint32_t count() const {
    int count = std::popcount(first_);
    for (std::uint64_t word : more_) {
      count += std::popcount(word);
    }
    return static_cast<std::uint32_t>(count);
  }

  // The n-th member, n < count().
  std::uint32_t nth(std::uint32_t n) const {
    for (std::uint32_t i = 0;; ++i) {
      if (has(i) && n-- == 0) {
        return i;
      }
    }
  }

  std::uint32_t lowest() const { return nth(0); }

  std::uint32_t highest() const { return nth(count() - 1); }

 private:
  static constexpr std::uint32_t kWordBits = 64;

  std::uint64_t first_ = 0;  // most variables have two options
  std::vector<std::uint64_t> more_;
};

}  // namespace powercut
