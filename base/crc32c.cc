// SPDX-License-Identifier: GPL-2.0-only
//
// The crc32 instruction has a latency of three cycles and a throughput of one, so one
// stream runs at a third of the speed that the processor could do. Long inputs are
// therefore cut into blocks of three lanes, whose checksums are computed side by side
// and joined: the checksum of "a followed by b" is that of a, moved on over as many zero
// bytes as b has, xor that of b. Moving on is linear over GF(2), so four tables of 256
// words for the lane length do it. The compiler makes them: a child that was forked from
// a program with threads must find nothing half made here.

#include "base/crc32c.h"

#include <array>
#include <cstring>

namespace powercut {

namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78;  // bit-reversed 0x1edc6f41

using Table = std::array<std::uint32_t, 256>;

constexpr std::array<Table, 8> make_tables() {
  std::array<Table, 8> tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1U) != 0 ? kPolynomial : 0);
    }
    tables[0][i] = crc;
  }
  for (std::size_t n = 1; n < tables.size(); ++n) {
    for (std::size_t i = 0; i < 256; ++i) {
      std::uint32_t crc = tables[n - 1][i];
      tables[n][i] = (crc >> 8) ^ tables[0][crc & 0xff];
    }
  }
  return tables;
}

constexpr std::array<Table, 8> kTables = make_tables();

std::uint32_t by_table(std::span<const std::byte> data, std::uint32_t crc) {
  while (data.size() >= 8) {
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      std::uint32_t byte = std::to_integer<std::uint32_t>(data[i]);
      if (i < 4) {
        byte ^= (crc >> (8 * i)) & 0xff;
      }
      next ^= kTables[7 - i][byte];
    }
    crc = next;
    data = data.subspan(8);
  }
  for (std::byte byte : data) {
    crc = (crc >> 8) ^ kTables[0][(crc ^ std::to_integer<std::uint32_t>(byte)) & 0xff];
  }
  return crc;
}

#if defined(__x86_64__)

constexpr std::size_t kLongLane = 8192;
constexpr std::size_t kShortLane = 512;

using Columns = std::array<std::uint32_t, 32>;  // of a matrix over GF(2)

constexpr std::uint32_t multiply(const Columns& columns, std::uint32_t vector) {
  std::uint32_t product = 0;
  for (std::size_t bit = 0; bit < 32; ++bit) {
    product ^= ((vector >> bit) & 1) != 0 ? columns[bit] : 0;
  }
  return product;
}

// What moving on over `zeros` zero bytes, a power of two, makes of each bit.
constexpr Columns columns_of(std::size_t zeros) {
  Columns columns{};
  for (std::size_t bit = 0; bit < 32; ++bit) {
    const std::uint32_t crc = std::uint32_t{1} << bit;
    columns[bit] = (crc >> 8) ^ kTables[0][crc & 0xff];
  }
  for (std::size_t done = 1; done < zeros; done *= 2) {
    Columns twice{};
    for (std::size_t bit = 0; bit < 32; ++bit) {
      twice[bit] = multiply(columns, columns[bit]);
    }
    columns = twice;
  }
  return columns;
}

// Moves a checksum on over `zeros` zero bytes, a power of two.
class Shift {
 public:
  explicit constexpr Shift(std::size_t zeros) {
    const Columns columns = columns_of(zeros);
    for (std::size_t n = 0; n < 4; ++n) {
      for (std::uint32_t i = 0; i < 256; ++i) {
        tables_[n][i] = multiply(columns, i << (8 * n));
      }
    }
  }

  std::uint32_t operator()(std::uint32_t crc) const {
    return tables_[0][crc & 0xff] ^ tables_[1][(crc >> 8) & 0xff] ^
           tables_[2][(crc >> 16) & 0xff] ^ tables_[3][crc >> 24];
  }

 private:
  std::array<Table, 4> tables_{};
};

constexpr Shift kLongShift(kLongLane);
constexpr Shift kShortShift(kShortLane);

std::uint64_t load(const std::byte* from) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

__attribute__((target("sse4.2"))) std::uint64_t three_lanes(const std::byte* data,
                                                            std::size_t lane,
                                                            std::uint64_t crc,
                                                            const Shift& shift) {
  std::uint64_t second = 0;
  std::uint64_t third = 0;
  for (std::size_t i = 0; i < lane; i += 8) {
    crc = __builtin_ia32_crc32di(crc, load(data + i));
    second = __builtin_ia32_crc32di(second, load(data + lane + i));
    third = __builtin_ia32_crc32di(third, load(data + 2 * lane + i));
  }
  crc = shift(static_cast<std::uint32_t>(crc)) ^ second;
  return shift(static_cast<std::uint32_t>(crc)) ^ third;
}

__attribute__((target("sse4.2"))) std::uint32_t by_instruction(
    std::span<const std::byte> data, std::uint32_t seed) {
  std::uint64_t crc = seed;
  while (data.size() >= 3 * kLongLane) {
    crc = three_lanes(data.data(), kLongLane, crc, kLongShift);
    data = data.subspan(3 * kLongLane);
  }
  while (data.size() >= 3 * kShortLane) {
    crc = three_lanes(data.data(), kShortLane, crc, kShortShift);
    data = data.subspan(3 * kShortLane);
  }
  while (data.size() >= 8) {
    crc = __builtin_ia32_crc32di(crc, load(data.data()));
    data = data.subspan(8);
  }
  return by_table(data, static_cast<std::uint32_t>(crc));
}

bool has_instruction() {
  return __builtin_cpu_supports("sse4.2") != 0;
}

#endif

}  // namespace

std::uint32_t crc32c_portable(std::span<const std::byte> data, std::uint32_t seed) {
  return ~by_table(data, ~seed);
}

std::uint32_t crc32c(std::span<const std::byte> data, std::uint32_t seed) {
#if defined(__x86_64__)
  if (has_instruction()) {
    return ~by_instruction(data, ~seed);
  }
#endif
  return crc32c_portable(data, seed);
}

}  // namespace powercut
