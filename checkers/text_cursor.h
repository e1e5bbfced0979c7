// SPDX-License-Identifier: GPL-2.0-only
//
// Goes through what a program printed, from left to right. Nothing can fail: what is not
// there is not taken.

#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace powercut {

class TextCursor {
 public:
  explicit TextCursor(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }

  std::string_view rest() const { return text_; }

  bool starts_with(std::string_view what) const { return text_.starts_with(what); }

  // Goes behind `what` if that comes next.
  bool take(std::string_view what) {
    if (!text_.starts_with(what)) {
      return false;
    }
    text_.remove_prefix(what.size());
    return true;
  }

  // Goes behind the next `what`, wherever it is; stays if it comes no more.
  bool skip_past(std::string_view what) {
    const std::size_t at = text_.find(what);
    if (at == std::string_view::npos) {
      return false;
    }
    text_.remove_prefix(at + what.size());
    return true;
  }

  // What comes before the next `end`, or all; goes behind `end`.
  std::string_view until(char end) {
    const std::size_t length = std::min(text_.find(end), text_.size());
    const std::string_view part = text_.substr(0, length);
    text_.remove_prefix(std::min(text_.size(), length + 1));
    return part;
  }

  std::string_view line() { return until('\n'); }

  std::optional<std::uint64_t> number(int base = 10) {
    std::uint64_t value = 0;
    const auto [end, error] =
        std::from_chars(text_.data(), text_.data() + text_.size(), value, base);
    if (error != std::errc()) {
      return std::nullopt;
    }
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return value;
  }

  // So many bytes, whatever they are, if the line ends behind them.
  std::optional<std::string_view> bytes_and_line_end(std::uint64_t length) {
    if (length >= text_.size() || text_[length] != '\n') {
      return std::nullopt;
    }
    const std::string_view part = text_.substr(0, length);
    text_.remove_prefix(length + 1);
    return part;
  }

 private:
  std::string_view text_;
};

}  // namespace powercut
