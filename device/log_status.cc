// SPDX-License-Identifier: GPL-2.0-only

#include "device/log_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

namespace powercut {
namespace {

constexpr std::size_t kQuotedBytes = 200;  // of a text that cannot be read

template <class T>
struct Named {
  std::string_view name;
  T value;
};

constexpr std::array<Named<LogTargetState>, 5> kStates = {{
    {"idle", LogTargetState::kIdle},
    {"logging", LogTargetState::kLogging},
    {"full", LogTargetState::kFull},
    {"stopped", LogTargetState::kStopped},
    {"failed", LogTargetState::kFailed},
}};

constexpr std::array<Named<LogTargetPower>, 3> kPowers = {{
    {"on", LogTargetPower::kOn},
    {"eio", LogTargetPower::kEio},
    {"drop", LogTargetPower::kDrop},
}};

template <class T, std::size_t N>
bool read_name(const std::array<Named<T>, N>& names, std::string_view word, T& value) {
  const auto found = std::ranges::find(names, word, &Named<T>::name);
  if (found == names.end()) {
    return false;
  }
  value = found->value;
  return true;
}

template <class T>
bool read_number(std::string_view word, T& value) {
  const std::from_chars_result result =
      std::from_chars(word.data(), word.data() + word.size(), value);
  return result.ec == std::errc() && result.ptr == word.data() + word.size();
}

std::vector<std::string_view> split_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n";
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) {
      return words;
    }
    text.remove_prefix(begin);
    const std::size_t length = std::min(text.find_first_of(kBlanks), text.size());
    words.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
}

// The words after the first two, in pairs but for "memory", which has two values.
class FieldReader {
 public:
  FieldReader(std::vector<std::string_view> words, LogStatus& status)
      : words_(std::move(words)), status_(status) {}

  bool read() {
    while (next_ < words_.size()) {
      if (!read_field(words_[next_++])) {
        return false;
      }
    }
    return true;
  }

 private:
  bool read_field(std::string_view name) {
    const std::array<Named<std::uint64_t*>, 7> numbers = {{
        {"bytes", &status_.used_bytes},
        {"free", &status_.free_bytes},
        {"seq", &status_.next_seq},
        {"queued", &status_.queued},
        {"memory", &status_.memory_bytes},
        {"errors", &status_.errors},
        {"unstable", &status_.unstable},
    }};
    std::uint64_t* number = nullptr;
    if (name == "format") {
      return read_number(value(), status_.format);
    }
    if (name == "state") {
      return read_name(kStates, value(), status_.state);
    }
    if (name == "power") {
      return read_name(kPowers, value(), status_.power);
    }
    if (!read_name(numbers, name, number)) {
      return !value().empty();
    }
    if (!read_number(value(), *number)) {
      return false;
    }
    return name != "memory" || read_number(value(), status_.memory_limit_bytes);
  }

  std::string_view value() {
    return next_ < words_.size() ? words_[next_++] : std::string_view();
  }

  std::vector<std::string_view> words_;
  LogStatus& status_;
  std::size_t next_ = 2;
};

}  // namespace

Result<LogStatus> parse_log_status(std::string_view text) {
  LogStatus status;
  const std::vector<std::string_view> words = split_blanks(text);
  bool ok = words.size() >= 2 && read_number(words[0], status.entries) &&
            read_number(words[1], status.next_sector);
  if (words.size() == 3 && words[2] == "logging_disabled") {
    status.state = LogTargetState::kFailed;
  } else if (ok) {
    ok = FieldReader(words, status).read();
  }
  if (!ok) {
    return fail(ErrorKind::kSystem,
                fmt::format("cannot read the status of target log-writes: '{}'",
                            text.substr(0, kQuotedBytes)));
  }
  return status;
}

std::string_view to_string(LogTargetState state) {
  for (const Named<LogTargetState>& named : kStates) {
    if (named.value == state) {
      return named.name;
    }
  }
  return "unknown";
}

}  // namespace powercut
