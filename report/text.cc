// SPDX-License-Identifier: GPL-2.0-only

#include "report/text.h"

#include <fmt/format.h>

#include <array>

namespace powercut {

std::string count_text(const BigCount& count) {
  constexpr std::size_t kExactDigits = 18;
  std::string digits = to_decimal(count);
  if (digits.size() <= kExactDigits) {
    std::string grouped;
    for (std::size_t i = 0; i < digits.size(); ++i) {
      if (i > 0 && (digits.size() - i) % 3 == 0) {
        grouped += ',';
      }
      grouped += digits[i];
    }
    return grouped;
  }
  return fmt::format("{}.{} * 10^{}", digits[0], digits.substr(1, 2), digits.size() - 1);
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (unit + 1 < kUnits.size() && bytes >= 1024 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{} {}", bytes, kUnits[unit]);
}

std::string plural(std::uint64_t count, const std::string& noun) {
  if (count == 1) {
    return "1 " + noun;
  }
  bool hisses = noun.ends_with("s") || noun.ends_with("sh");
  return fmt::format("{} {}{}", count, noun, hisses ? "es" : "s");
}

}  // namespace powercut
