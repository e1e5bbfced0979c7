// SPDX-License-Identifier: GPL-2.0-only

#include "base/units.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <string_view>

namespace powercut {

Result<std::uint64_t> parse_bytes(const std::string& text) {
  constexpr std::string_view kSuffixes = "KMGT";
  auto bad = [&] {
    return fail(ErrorKind::kUsage, fmt::format("'{}' is no size", text),
                "a size is a number of bytes, or one with K, M, G or T behind it: 64M");
  };
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest == text.data()) {
    return bad();
  }
  std::string_view suffix(rest, static_cast<std::size_t>(end - rest));
  unsigned shift = 0;
  if (!suffix.empty() && suffix[0] != 'B') {
    char letter = suffix[0] >= 'a' ? static_cast<char>(suffix[0] - 'a' + 'A') : suffix[0];
    std::size_t power = kSuffixes.find(letter);
    if (power == std::string_view::npos) {
      return bad();
    }
    shift = 10 * (static_cast<unsigned>(power) + 1);
    suffix.remove_prefix(1);
  }
  if (!suffix.empty() && suffix != "B" && suffix != "iB") {
    return bad();
  }
  if (value > std::numeric_limits<std::uint64_t>::max() >> shift) {
    return bad();
  }
  return value << shift;
}

}  // namespace powercut
