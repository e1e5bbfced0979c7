// SPDX-License-Identifier: GPL-2.0-only
//
// Between the little-endian structures of log_format.h and this machine's numbers, and
// the arithmetic on numbers that come from a log: nothing there may be trusted, so every
// sum and product says whether it fits.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

namespace powercut {

template <class T>
constexpr T from_le(T value) {
  static_assert(std::is_unsigned_v<T> && sizeof(T) <= 8);
  if constexpr (std::endian::native == std::endian::little || sizeof(T) == 1) {
    return value;
  } else if constexpr (sizeof(T) == 2) {
    return __builtin_bswap16(value);
  } else if constexpr (sizeof(T) == 4) {
    return __builtin_bswap32(value);
  } else {
    return __builtin_bswap64(value);
  }
}

template <class T>
constexpr T to_le(T value) {
  return from_le(value);
}

// A copy of the structure at `position`; the caller has checked that it is all there.
template <class T>
T load_struct(std::span<const std::byte> bytes, std::uint64_t position) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memcpy(&value, bytes.data() + position, sizeof(T));
  return value;
}

template <class T>
std::span<const std::byte> bytes_of(const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return std::as_bytes(std::span<const T, 1>(&value, 1));
}

using Checked = std::optional<std::uint64_t>;

constexpr Checked add_checked(Checked a, Checked b) {
  std::uint64_t sum = 0;
  if (!a || !b || __builtin_add_overflow(*a, *b, &sum)) {
    return std::nullopt;
  }
  return sum;
}

constexpr Checked multiply_checked(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) {
    return std::nullopt;
  }
  return product;
}

// `unit` is a power of two; the result must fit.
constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
  return (value + unit - 1) & ~(unit - 1);
}

constexpr bool is_power_of_two_between(std::uint64_t value, std::uint64_t least,
                                       std::uint64_t most) {
  return value >= least && value <= most && (value & (value - 1)) == 0;
}

// No device is larger: offsets are off_t in the end.
inline constexpr std::uint64_t kMaxDeviceBytes = std::uint64_t{1} << 62;

// Log sectors (format 1) and blocks (format 2) have these sizes.
inline constexpr std::uint32_t kMinBlockBytes = 512;
inline constexpr std::uint32_t kMaxBlockBytes = 65536;

}  // namespace powercut
