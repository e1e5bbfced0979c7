// SPDX-License-Identifier: GPL-2.0-only

#include "device/mount_table.h"

#include "base/fd.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace powercut {
namespace {

constexpr std::size_t kTargetField = 4;

// The kernel writes space, tab, newline and backslash as \ooo.
std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      const int value =
          (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
      plain += static_cast<char>(value);
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t length = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, length));
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return parts;
}

}  // namespace

std::vector<MountEntry> parse_mount_table(std::string_view text) {
  std::vector<MountEntry> entries;
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> fields = split(line, ' ');
    const std::vector<std::string_view>::const_iterator dash =
        std::ranges::find(fields, "-");
    if (fields.size() > kTargetField && fields.end() - dash > 2) {
      MountEntry entry;
      entry.target = unescape(fields[kTargetField]);
      entry.type = unescape(dash[1]);
      entry.source = unescape(dash[2]);
      entries.push_back(std::move(entry));
    }
  }
  return entries;
}

std::vector<MountEntry> read_mount_table() {
  const Fd fd(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 65536> buffer;
  ssize_t got = 0;
  while (fd.valid() && (got = ::read(fd.get(), buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return parse_mount_table(text);
}

}  // namespace powercut
