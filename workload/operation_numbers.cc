// SPDX-License-Identifier: GPL-2.0-only
//
// Fields that are numbers and choices.

#include "workload/operation_fields.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

namespace powercut {

namespace {

constexpr std::uint64_t kLastOffset = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kMostMilliseconds = 3'600'000;
// (uid_t)-1 means "leave it", which is no user.
constexpr std::uint64_t kLastUser = std::numeric_limits<std::uint32_t>::max() - 1;

struct AllocateName {
  const char* name;
  AllocateMode mode;
};

constexpr auto kAllocateNames = std::to_array<AllocateName>({
    {"allocate", AllocateMode::kAllocate},
    {"keep", AllocateMode::kKeepSize},
    {"punch", AllocateMode::kPunch},
    {"zero", AllocateMode::kZero},
    {"zero-keep", AllocateMode::kZeroKeep},
    {"collapse", AllocateMode::kCollapse},
    {"insert", AllocateMode::kInsert},
    {"unshare", AllocateMode::kUnshare},
});

constexpr auto kNodeNames = std::to_array<std::pair<const char*, NodeKind>>({
    {"fifo", NodeKind::kFifo},
    {"char", NodeKind::kCharDevice},
    {"block", NodeKind::kBlockDevice},
});

// "4096" as 4K.
std::string print_bytes(std::uint64_t bytes) {
  constexpr std::array<const char*, 4> kSuffixes = {"", "K", "M", "G"};
  std::size_t power = 0;
  while (power < 3 && bytes != 0 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++power;
  }
  return fmt::format("{}{}", bytes, kSuffixes.at(power));
}

template <class T>
Status read_number(const Word& word, std::string_view what, std::uint64_t most, T& out,
                   bool suffixes = true) {
  PC_ASSIGN_OR_RETURN(const std::uint64_t value,
                      parse_number(word.text, what, most, suffixes));
  out = static_cast<T>(value);
  return {};
}

Status unknown(std::string_view what, const Word& word,
               const std::vector<std::string>& known) {
  const std::string near = nearest_word(word.text, known);
  return fail(ErrorKind::kUsage, fmt::format("unknown {} {}", what, shown(word.text)),
              near.empty() ? fmt::format("one of: {}", fmt::join(known, " "))
                           : fmt::format("did you mean {}?", near));
}

Status read_allocate_mode(const Word& word, Operation& operation) {
  std::vector<std::string> known;
  for (const AllocateName& each : kAllocateNames) {
    if (word.text == each.name) {
      operation.allocate = each.mode;
      return {};
    }
    known.emplace_back(each.name);
  }
  return unknown("mode", word, known);
}

std::string print_allocate_mode(const Operation& operation) {
  for (const AllocateName& each : kAllocateNames) {
    if (operation.allocate == each.mode) {
      return each.name;
    }
  }
  return "";
}

Status read_node(const Word& word, Operation& operation) {
  std::vector<std::string> known;
  for (const auto& [name, kind] : kNodeNames) {
    if (word.text == name) {
      operation.node = kind;
      return {};
    }
    known.emplace_back(name);
  }
  return unknown("kind of node", word, known);
}

std::string print_node(const Operation& operation) {
  for (const auto& [name, kind] : kNodeNames) {
    if (operation.node == kind) {
      return name;
    }
  }
  return "";
}

}  // namespace

Result<std::uint64_t> parse_number(std::string_view text, std::string_view what,
                                   std::uint64_t most, bool suffixes) {
  auto bad = [&] {
    return fail(ErrorKind::kUsage, fmt::format("{} {} is no number", what, shown(text)),
                suffixes ? "decimal or 0x..., with K, M or G behind it: 64K"
                         : "decimal or 0x...");
  };
  auto large = [&] {
    return fail(ErrorKind::kUsage, fmt::format("{} {} is too large", what, shown(text)),
                fmt::format("at most {}", most));
  };
  std::string_view digits = text;
  const bool hex = digits.starts_with("0x");
  digits.remove_prefix(hex ? 2 : 0);
  std::uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, value, hex ? 16 : 10);
  if (error == std::errc::result_out_of_range) {
    return large();
  }
  if (error != std::errc() || rest == digits.data()) {
    return bad();
  }
  const std::string_view suffix(rest, static_cast<std::size_t>(end - rest));
  const std::size_t power =
      suffix.empty() ? 0 : std::string_view(" KMG").find(suffix.front());
  if (suffix.size() > 1 || power == std::string_view::npos ||
      (!suffix.empty() && (power == 0 || !suffixes))) {
    return bad();
  }
  if (value > most >> (10 * power)) {
    return large();
  }
  return value << (10 * power);
}

Result<std::uint32_t> parse_mode(std::string_view text) {
  std::uint32_t mode = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, mode, 8);
  if (error != std::errc() || rest != end || mode > 07777) {
    return fail(ErrorKind::kUsage, fmt::format("mode {} is none", shown(text)),
                "octal, at most 7777: 0644");
  }
  return mode;
}

const OperationField kOffsetField = {
    "OFFSET",
    [](const Word& word, Operation& operation) {
      return read_number(word, "offset", kLastOffset, operation.offset_bytes);
    },
    [](const Operation& operation) { return print_bytes(operation.offset_bytes); }};
const OperationField kToOffsetField = {
    "TO-OFFSET",
    [](const Word& word, Operation& operation) {
      return read_number(word, "offset", kLastOffset, operation.offset2_bytes);
    },
    [](const Operation& operation) { return print_bytes(operation.offset2_bytes); }};
const OperationField kLengthField = {
    "LENGTH",
    [](const Word& word, Operation& operation) -> Status {
      PC_RETURN_IF_ERROR(
          read_number(word, "length", kLastOffset, operation.length_bytes));
      if (operation.length_bytes == 0) {
        return fail(ErrorKind::kUsage, "a length of 0 bytes", "at least 1");
      }
      return {};
    },
    [](const Operation& operation) { return print_bytes(operation.length_bytes); }};
const OperationField kSizeField = {
    "SIZE",
    [](const Word& word, Operation& operation) {
      return read_number(word, "size", kLastOffset, operation.length_bytes);
    },
    [](const Operation& operation) { return print_bytes(operation.length_bytes); }};
const OperationField kMillisecondsField = {
    "MILLISECONDS",
    [](const Word& word, Operation& operation) {
      return read_number(word, "time", kMostMilliseconds, operation.length_bytes, false);
    },
    [](const Operation& operation) { return std::to_string(operation.length_bytes); }};
const OperationField kModeField = {
    "MODE",
    [](const Word& word, Operation& operation) -> Status {
      PC_ASSIGN_OR_RETURN(operation.mode, parse_mode(word.text));
      return {};
    },
    [](const Operation& operation) { return fmt::format("{:04o}", operation.mode); }};
const OperationField kUserField = {
    "UID",
    [](const Word& word, Operation& operation) {
      return read_number(word, "user", kLastUser, operation.user, false);
    },
    [](const Operation& operation) { return std::to_string(operation.user); }};
const OperationField kGroupField = {
    "GID",
    [](const Word& word, Operation& operation) {
      return read_number(word, "group", kLastUser, operation.group, false);
    },
    [](const Operation& operation) { return std::to_string(operation.group); }};
const OperationField kAllocateModeField = {"MODE", &read_allocate_mode,
                                           &print_allocate_mode};
const OperationField kNodeField = {"fifo|char|block", &read_node, &print_node};

}  // namespace powercut
