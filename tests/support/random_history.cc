// SPDX-License-Identifier: GPL-2.0-only

#include "tests/support/random_history.h"

#include <algorithm>
#include <cerrno>
#include <vector>

namespace powercut::test {

namespace {

class Writer {
 public:
  Writer(Random& random, const HistoryShape& shape)
      : random_(random), shape_(shape), history_(shape.devices, shape.sectors) {
    for (Device& device : history_.devices()) {
      device.domain = shape.one_domain ? 0 : device.domain;
      device.write_cache = !one_in(8);
      device.discard_zeroes = one_in(2);
    }
  }

  History write() {
    for (std::size_t step = 0; step < 4 * shape_.writes; ++step) {
      const std::uint64_t dice = random_.below(10);
      if (dice < 4 && written_ < shape_.writes && open_.size() < shape_.most_open) {
        open_.push_back(submit());
      } else if (dice < 8 && !open_.empty()) {
        complete();
      } else if (dice == 8 && open_.size() < shape_.most_open) {
        open_.push_back(history_.flush_begin(device()));
      } else if (dice == 9 && one_in(3)) {
        history_.mark("mark");
      }
    }
    while (!open_.empty() && !one_in(4)) {
      complete();
    }
    return std::move(history_);
  }

 private:
  bool one_in(std::uint64_t n) { return random_.below(n) == 0; }

  std::uint16_t device() {
    return static_cast<std::uint16_t>(random_.below(shape_.devices));
  }

  Request submit() {
    const std::uint64_t grains = shape_.sectors / shape_.grain;
    const std::uint64_t from = random_.below(grains);
    const std::uint64_t most = std::min(
        grains - from, std::max<std::uint64_t>(shape_.most_sectors / shape_.grain, 1));
    const Place place{from * shape_.grain, (1 + random_.below(most)) * shape_.grain,
                      device()};
    // Now and then two writes have the same content.
    char letter = static_cast<char>('a' + written_);
    letter = one_in(6) ? 'a' : letter;
    ++written_;
    if (one_in(10)) {
      return history_.submit_discard(place);
    }
    if (one_in(12)) {
      return history_.submit_zeroes(place);
    }
    return history_.submit(place, letter, one_in(5));
  }

  void complete() {
    const std::size_t which = random_.below(open_.size());
    const Request request = open_[which];
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
    const Op op = history_.submission(request).op;
    if (shape_.trouble && one_in(10)) {
      history_.complete(request, EIO);
    } else if (shape_.trouble && op == Op::kWrite && one_in(14)) {
      history_.complete_unstable(request, 'z');
    } else {
      history_.complete(request);
    }
  }

  Random& random_;
  const HistoryShape& shape_;
  History history_;
  std::vector<Request> open_;
  std::size_t written_ = 0;
};

}  // namespace

History random_history(Random& random, const HistoryShape& shape) {
  return Writer(random, shape).write();
}

}  // namespace powercut::test
