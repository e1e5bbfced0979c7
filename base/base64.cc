// SPDX-License-Identifier: GPL-2.0-only

#include "base/base64.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace powercut {

namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 64;
constexpr std::size_t kGroupBytes = 3;
constexpr std::size_t kGroupDigits = 4;

constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + kGroupBytes - 1) / kGroupBytes * kGroupDigits);
  for (std::size_t at = 0; at < bytes.size(); at += kGroupBytes) {
    const std::size_t count = std::min(kGroupBytes, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < kGroupBytes; ++i) {
      group = group << 8U | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < kGroupDigits; ++i) {
      text += i <= count ? kDigits[group >> 18U & 63U] : '=';
      group <<= 6U;
    }
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % kGroupDigits != 0) {
    return std::nullopt;
  }
  std::string bytes;
  bytes.reserve(text.size() / kGroupDigits * kGroupBytes);
  for (std::size_t at = 0; at < text.size(); at += kGroupDigits) {
    std::string_view group = text.substr(at, kGroupDigits);
    if (at + kGroupDigits == text.size()) {  // only the last one is filled up
      group = group.substr(0, group.find_last_not_of('=') + 1);
    }
    if (group.size() < 2) {
      return std::nullopt;
    }
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < kGroupDigits; ++i) {
      const std::uint8_t value =
          i < group.size() ? kValues[static_cast<unsigned char>(group[i])] : 0;
      if (value == kNoDigit) {
        return std::nullopt;
      }
      bits = bits << 6U | value;
    }
    const std::size_t count = group.size() - 1;
    for (std::size_t i = 0; i < kGroupBytes; ++i) {
      const char byte = static_cast<char>(bits >> 16U & 0xffU);
      if (i < count) {
        bytes += byte;
      } else if (byte != '\0') {
        return std::nullopt;
      }
      bits <<= 8U;
    }
  }
  return bytes;
}

}  // namespace powercut
