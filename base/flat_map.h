// SPDX-License-Identifier: GPL-2.0-only
//
// A hash map from 64-bit keys to small values in one array (open addressing, linear
// probing). The explorer looks up a unit some millions of times a second; a node-based
// map spends that time in cache misses. Insert and find only; clear() forgets all.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace powercut {

// Not thread-safe. The key ~0 is reserved. Pointers last until the next insert.
template <class Value>
class FlatMap {
 public:
  Value* find(std::uint64_t key) {
    if (slots_.empty()) {
      return nullptr;
    }
    for (std::size_t i = start(key);; i = (i + 1) & mask()) {
      if (slots_[i].key == key) {
        return &slots_[i].value;
      }
      if (slots_[i].key == kEmpty) {
        return nullptr;
      }
    }
  }

  // The key must not be there yet.
  Value& insert(std::uint64_t key, Value value) {
    if ((size_ + 1) * 2 > slots_.size()) {
      grow();
    }
    std::size_t i = start(key);
    while (slots_[i].key != kEmpty) {
      i = (i + 1) & mask();
    }
    slots_[i] = Slot{key, value};
    ++size_;
    return slots_[i].value;
  }

  std::size_t size() const { return size_; }

  void clear() {
    slots_.clear();
    slots_.shrink_to_fit();
    size_ = 0;
  }

 private:
  static constexpr std::uint64_t kEmpty = ~std::uint64_t{0};

  struct Slot {
    std::uint64_t key = kEmpty;
    Value value{};
  };

  std::size_t mask() const { return slots_.size() - 1; }

  std::size_t start(std::uint64_t key) const {
    std::uint64_t h = key * 0x9e3779b97f4a7c15ULL;
    return static_cast<std::size_t>(h >> 32) & mask();
  }

  void grow() {
    std::vector<Slot> old = std::move(slots_);
    slots_.assign(old.empty() ? 64 : old.size() * 2, Slot{});
    for (const Slot& slot : old) {
      if (slot.key != kEmpty) {
        std::size_t i = start(slot.key);
        while (slots_[i].key != kEmpty) {
          i = (i + 1) & mask();
        }
        slots_[i] = slot;
      }
    }
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace powercut
