// SPDX-License-Identifier: GPL-2.0-only

#include "device/kernel_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

namespace powercut {
namespace {

constexpr std::size_t kLongestRecord = 8192;  // CONSOLE_EXT_LOG_MAX of the kernel
constexpr unsigned kSeverities = 8;           // above them is the facility, 0: the kernel

}  // namespace

std::string kernel_log_text(std::string_view record) {
  const std::size_t semicolon = record.find(';');
  if (semicolon == std::string_view::npos) {
    return {};
  }
  std::string_view text = record.substr(semicolon + 1);
  return std::string(text.substr(0, text.find('\n')));
}

std::optional<KernelLine> parse_kernel_record(std::string_view record) {
  unsigned priority = 0;
  const char* end = record.data() + record.size();
  const std::from_chars_result number = std::from_chars(record.data(), end, priority);
  if (number.ec != std::errc() || number.ptr == end || *number.ptr != ',' ||
      priority >= kSeverities || record.find(';') == std::string_view::npos) {
    return std::nullopt;
  }
  return KernelLine{static_cast<int>(priority), kernel_log_text(record)};
}

KernelLog::KernelLog() : fd_(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
  if (fd_.valid() && ::lseek(fd_.get(), 0, SEEK_END) != 0) {
    fd_.reset();
  }
}

std::vector<KernelLine> KernelLog::take() {
  std::vector<KernelLine> found;
  std::array<char, kLongestRecord> record{};
  while (fd_.valid()) {
    const ssize_t got = ::read(fd_.get(), record.data(), record.size());
    if (got < 0 && (errno == EPIPE || errno == EINTR)) {
      continue;  // some lines were overwritten before they were read
    }
    if (got <= 0) {
      break;
    }
    if (std::optional<KernelLine> line =
            parse_kernel_record({record.data(), static_cast<std::size_t>(got)})) {
      found.push_back(std::move(*line));
    }
  }
  return found;
}

std::vector<std::string> KernelLog::lines(const std::vector<std::string_view>& prefixes) {
  std::vector<std::string> found;
  for (KernelLine& line : take()) {
    if (std::ranges::any_of(prefixes, [&](std::string_view prefix) {
          return line.text.starts_with(prefix);
        })) {
      found.push_back(std::move(line.text));
    }
  }
  return found;
}

std::vector<std::string> KernelLog::lines(int severity) {
  std::vector<std::string> found;
  for (KernelLine& line : take()) {
    if (line.severity <= severity) {
      found.push_back(std::move(line.text));
    }
  }
  return found;
}

}  // namespace powercut
