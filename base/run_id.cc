// SPDX-License-Identifier: GPL-2.0-only

#include "base/run_id.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace powercut {
namespace {

constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kMinLength = 10;
constexpr std::size_t kMaxLength = 16;

bool is_digit(char c) {
  return kDigits.find(c) != std::string_view::npos;
}

// The low `count` base-36 digits of `value`, most significant first.
std::string base36(std::uint64_t value, std::size_t count) {
  std::string text(count, '0');
  for (std::size_t i = count; i > 0; --i) {
    text[i - 1] = kDigits[value % kDigits.size()];
    value /= kDigits.size();
  }
  return text;
}

}  // namespace

std::string make_run_id() {
  timespec now = {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  std::uint64_t random = 0;
  if (::getrandom(&random, sizeof random, 0) != sizeof random) {
    random = static_cast<std::uint64_t>(now.tv_nsec);
  }
  return base36(static_cast<std::uint64_t>(now.tv_sec), 6) +
         base36(static_cast<std::uint64_t>(::getpid()), 4) + base36(random, 4);
}

bool is_run_id(std::string_view text) {
  return text.size() >= kMinLength && text.size() <= kMaxLength &&
         std::ranges::all_of(text, is_digit);
}

std::string_view find_run_id(std::string_view text) {
  std::size_t at = 0;
  while ((at = text.find(kRunPrefix, at)) != std::string_view::npos) {
    const bool starts = at == 0 || (!is_digit(text[at - 1]) && text[at - 1] != '-');
    at += kRunPrefix.size();
    const std::size_t length =
        std::min(text.find_first_not_of(kDigits, at), text.size()) - at;
    if (starts && is_run_id(text.substr(at, length))) {
      return text.substr(at, length);
    }
  }
  return {};
}

}  // namespace powercut
