// SPDX-License-Identifier: GPL-2.0-only

#include "replay/landing_orders.h"

#include <algorithm>
#include <set>

namespace powercut {

namespace {

constexpr std::size_t kMaxMembers = 10;
constexpr std::size_t kMaxOrders = 4096;
constexpr std::size_t kMaxSteps = std::size_t{1} << 20;

class Enumerator {
 public:
  Enumerator(const Timeline& timeline, const ConcurrentWrites& writes)
      : timeline_(timeline), writes_(writes) {}

  // False when there are too many.
  bool add_orders_of(const std::vector<WriteIndex>& chosen) { return extend(chosen); }

  std::vector<std::vector<WriteIndex>> take() { return std::move(orders_); }

 private:
  bool extend(const std::vector<WriteIndex>& rest) {
    if (++steps_ > kMaxSteps || orders_.size() > kMaxOrders) {
      return false;
    }
    if (rest.empty()) {
      keep_if_new();
      return true;
    }
    for (WriteIndex next : rest) {
      bool first = std::none_of(rest.begin(), rest.end(), [&](WriteIndex other) {
        return other != next && timeline_.ordered_before(other, next);
      });
      if (!first) {
        continue;
      }
      std::vector<WriteIndex> left = rest;
      std::erase(left, next);
      landed_.push_back(next);
      bool fits = extend(left);
      landed_.pop_back();
      if (!fits) {
        return false;
      }
    }
    return true;
  }

  void keep_if_new() {
    auto place = [&](WriteIndex write) {
      return std::find(landed_.begin(), landed_.end(), write) - landed_.begin();
    };
    std::vector<bool> orientation;
    for (const auto& [a, b] : writes_.overlaps) {
      orientation.push_back(place(a) < place(b));
    }
    std::vector<WriteIndex> subset = landed_;
    std::sort(subset.begin(), subset.end());
    if (seen_.emplace(std::move(subset), std::move(orientation)).second) {
      orders_.push_back(landed_);
    }
  }

  const Timeline& timeline_;
  const ConcurrentWrites& writes_;
  std::vector<std::vector<WriteIndex>> orders_;
  std::set<std::pair<std::vector<WriteIndex>, std::vector<bool>>> seen_;
  std::vector<WriteIndex> landed_;
  std::size_t steps_ = 0;
};

}  // namespace

std::optional<std::vector<std::vector<WriteIndex>>> landing_orders(
    const Timeline& timeline, const ConcurrentWrites& writes) {
  if (writes.durable.size() + writes.pending.size() > kMaxMembers) {
    return std::nullopt;
  }
  Enumerator enumerator(timeline, writes);
  for (std::size_t mask = 0; mask < std::size_t{1} << writes.pending.size(); ++mask) {
    std::vector<WriteIndex> chosen = writes.durable;
    for (std::size_t i = 0; i < writes.pending.size(); ++i) {
      if ((mask >> i & 1) != 0) {
        chosen.push_back(writes.pending[i]);
      }
    }
    if (!enumerator.add_orders_of(chosen)) {
      return std::nullopt;
    }
  }
  std::vector<std::vector<WriteIndex>> orders = enumerator.take();
  std::stable_sort(orders.begin(), orders.end(),
                   [](const auto& a, const auto& b) { return a.size() < b.size(); });
  return orders;
}

}  // namespace powercut
