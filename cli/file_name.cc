// SPDX-License-Identifier: GPL-2.0-only

#include "cli/file_name.h"

#include <fmt/format.h>

#include <cstddef>
#include <unordered_map>

namespace powercut {

namespace {

// Room for "%~" and "#18446744073709551615" below the 255 of NAME_MAX.
constexpr std::size_t kMostBytes = 200;

bool is_plain(char c) {
  return c >= ' ' && c <= '~' && c != '/' && c != '%' && c != '#';
}

}  // namespace

std::string file_name_of(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const bool plain = is_plain(c) && (c != '.' || !name.empty());
    const std::string letter =
        plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    if (name.size() + letter.size() > kMostBytes) {
      return name + "%~";
    }
    name += letter;
  }
  return name.empty() ? "%" : name;
}

std::vector<std::string> file_names_of(const std::vector<std::string_view>& texts) {
  std::vector<std::string> names;
  std::unordered_map<std::string, std::size_t> seen;
  for (const std::string_view text : texts) {
    std::string name = file_name_of(text);
    const std::size_t turn = ++seen[name];
    names.push_back(turn == 1 ? name : fmt::format("{}#{}", name, turn));
  }
  return names;
}

}  // namespace powercut
