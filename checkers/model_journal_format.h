// SPDX-License-Identifier: GPL-2.0-only
//
// How the model of a journal lies on its device (docs/models.md): what
// scenarios/models/journal.cc writes and checkers/model_journal.cc reads. In blocks:
//
//   0       header, one sector: the first transaction that recovery looks for
//   1..16   four slots of the journal; transaction t has slot t mod 4:
//           a commit record (one sector), and the new data of three blocks
//   17..22  the six blocks of data
//
// The commit record has no checksum of the data: it counts on the flush before it. A
// header is written with FUA, when all transactions before it are in their places.
// Numbers are little-endian.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace powercut {

inline constexpr std::uint64_t kJournalBlockBytes = 4096;
inline constexpr std::uint64_t kJournalSlots = 4;
inline constexpr std::uint64_t kJournalSlotData = 3;
inline constexpr std::uint64_t kJournalHomes = 6;
inline constexpr std::uint64_t kJournalFirstHome =
    1 + kJournalSlots * (1 + kJournalSlotData);
inline constexpr std::uint64_t kJournalDiskBytes =
    (kJournalFirstHome + kJournalHomes) * kJournalBlockBytes;

// Which of the six blocks transaction `number` (from 1) writes: a rule, so that a state
// can be told to be that after so many whole transactions.
constexpr std::array<std::uint64_t, kJournalSlotData> journal_homes(
    std::uint64_t number) {
  return {number % kJournalHomes, (number + 2) % kJournalHomes,
          (number + 3) % kJournalHomes};
}

// Blocks of the device.
constexpr std::uint64_t journal_commit_block(std::uint64_t number) {
  return 1 + number % kJournalSlots * (1 + kJournalSlotData);
}

constexpr std::uint64_t journal_data_block(std::uint64_t number, std::uint64_t index) {
  return journal_commit_block(number) + 1 + index;
}

constexpr std::uint64_t journal_home_block(std::uint64_t home) {
  return kJournalFirstHome + home;
}

// The last transaction up to `number` that wrote this one of the six; 0: none.
std::uint64_t journal_last_writer(std::uint64_t home, std::uint64_t number);

// A block that a transaction writes to one of the six, wherever it lies.
std::vector<std::byte> journal_data(std::uint64_t home, std::uint64_t number);

// Headers and commit records carry one number each. A whole block; nothing if it is none.
enum class JournalMark { kHeader, kCommit };
std::vector<std::byte> encode_journal_mark(JournalMark mark, std::uint64_t number);
std::optional<std::uint64_t> decode_journal_mark(JournalMark mark,
                                                 std::span<const std::byte> block);

}  // namespace powercut
