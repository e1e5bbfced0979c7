// SPDX-License-Identifier: GPL-2.0-only

#include "cli/shell/text.h"

#include <fmt/format.h>

namespace powercut {

std::string time_text(const ShellSession& session, EventPos pos) {
  constexpr std::uint64_t kSecond = 1000000000;
  const std::optional<std::uint64_t> time = session.steps().time_of(pos);
  return time ? fmt::format("{}.{:09}", *time / kSecond, *time % kSecond) : "-";
}

std::string kind_text(const Write& write) {
  std::string text(to_string(write.op));
  for (const auto& [flag, name] :
       {std::pair{kWriteFua, " FUA"}, std::pair{kWriteMeta, " META"},
        std::pair{kWriteFailed, " FAILED"}, std::pair{kWriteUnstable, " UNSTABLE"}}) {
    text += write.has(flag) ? name : "";
  }
  return text;
}

std::string number_text(const Timeline& timeline, WriteIndex index) {
  const Write& write = timeline.write(index);
  const std::uint64_t seq = timeline.seq_of(write);
  if (!write.has(kWritePiece)) {
    return fmt::format("{}", seq);
  }
  WriteIndex first = index;
  while (first > 0 && timeline.write(first - 1).submit == write.submit) {
    --first;
  }
  return fmt::format("{}#{}", seq, index - first + 1);
}

std::string numbers_text(const Timeline& timeline,
                         const std::vector<WriteIndex>& writes) {
  constexpr std::size_t kMost = 12;
  std::string text;
  for (std::size_t i = 0; i < std::min(kMost, writes.size()); ++i) {
    text += (i > 0 ? ", " : "") + number_text(timeline, writes[i]);
  }
  if (writes.size() > kMost) {
    text += fmt::format(", ... ({} in all)", writes.size());
  }
  return writes.empty() ? "none" : text;
}

std::size_t take_count(Words& words) {
  constexpr std::uint64_t kUsual = 40;
  return take_bytes(words, "--count").value_or(kUsual);
}

void tell_left(std::size_t all, std::size_t most, const char* what) {
  if (all > most) {
    fmt::print("... {} of {} {} (--count N)\n", most, all, what);
  }
}

}  // namespace powercut
