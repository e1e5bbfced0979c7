// SPDX-License-Identifier: GPL-2.0-only

#include "device/kernel_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace powercut {
namespace {

constexpr std::size_t kLongestRecord = 8192;  // CONSOLE_EXT_LOG_MAX of the kernel

}  // namespace

std::string kernel_log_text(std::string_view record) {
  const std::size_t semicolon = record.find(';');
  if (semicolon == std::string_view::npos) {
    return {};
  }
  std::string_view text = record.substr(semicolon + 1);
  return std::string(text.substr(0, text.find('\n')));
}

KernelLog::KernelLog() : fd_(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
  if (fd_.valid() && ::lseek(fd_.get(), 0, SEEK_END) != 0) {
    fd_.reset();
  }
}

std::vector<std::string> KernelLog::lines(const std::vector<std::string_view>& prefixes) {
  std::vector<std::string> found;
  std::array<char, kLongestRecord> record{};
  while (fd_.valid()) {
    const ssize_t got = ::read(fd_.get(), record.data(), record.size());
    if (got < 0 && (errno == EPIPE || errno == EINTR)) {
      continue;  // some lines were overwritten before they were read
    }
    if (got <= 0) {
      break;
    }
    const std::string text =
        kernel_log_text({record.data(), static_cast<std::size_t>(got)});
    if (std::ranges::any_of(prefixes, [&](std::string_view prefix) {
          return text.starts_with(prefix);
        })) {
      found.push_back(text);
    }
  }
  return found;
}

}  // namespace powercut
