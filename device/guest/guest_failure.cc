// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/guest_failure.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

namespace powercut {
namespace {

constexpr std::streamoff kMaxConsoleBytes = 4 << 20;

struct Sign {
  std::string_view text;
  GuestFailureKind kind;
};

// The first line with one of these tells why; the panic that ends it says less.
constexpr std::array<Sign, 9> kSigns = {{
    {"soft lockup - CPU", GuestFailureKind::kLockup},
    {"hard LOCKUP", GuestFailureKind::kLockup},
    {"blocked for more than", GuestFailureKind::kHungTask},
    {"kernel BUG at", GuestFailureKind::kPanic},
    {"BUG: ", GuestFailureKind::kPanic},
    {"Oops: ", GuestFailureKind::kPanic},
    {"general protection fault", GuestFailureKind::kPanic},
    {"sysrq: Trigger a crash", GuestFailureKind::kPanic},
    {"Kernel panic - not syncing", GuestFailureKind::kPanic},
}};

std::vector<std::string> lines_of(std::string_view console) {
  std::vector<std::string> lines(1);
  for (std::size_t i = 0; i < console.size(); ++i) {
    const char c = console[i];
    if (c == '\n') {
      lines.emplace_back();
    } else if (c == '\033') {  // ESC [ ... letter
      i += i + 1 < console.size() && console[i + 1] == '[' ? 1 : 0;
      while (i + 1 < console.size() && (console[i] < '@' || console[i] == '[')) {
        ++i;
      }
    } else if (c >= ' ' || c == '\t') {
      lines.back() += c;
    }
  }
  if (lines.back().empty()) {
    lines.pop_back();
  }
  return lines;
}

const Sign* sign_in(const std::string& line) {
  const auto* found = std::ranges::find_if(kSigns, [&](const Sign& sign) {
    return line.find(sign.text) != std::string::npos;
  });
  return found != kSigns.end() ? found : nullptr;
}

std::string joined(const std::vector<std::string>& lines, std::size_t from,
                   std::size_t to) {
  std::string text;
  for (std::size_t i = from; i < to; ++i) {
    text += lines[i] + "\n";
  }
  return text;
}

// Without the "[    1.234567] " that the kernel puts before each line.
std::string without_time(const std::string& line) {
  const std::size_t end = line.find("] ");
  return line.starts_with('[') && end != std::string::npos ? line.substr(end + 2) : line;
}

}  // namespace

std::string_view to_string(GuestFailureKind kind) {
  switch (kind) {
    case GuestFailureKind::kPanic:
      return "panic";
    case GuestFailureKind::kHungTask:
      return "hung task";
    case GuestFailureKind::kLockup:
      return "lockup";
    case GuestFailureKind::kHang:
      return "hang";
    case GuestFailureKind::kTimeout:
      return "timeout";
    case GuestFailureKind::kEnded:
      return "ended";
    case GuestFailureKind::kQemuDied:
      return "qemu died";
    case GuestFailureKind::kSetup:
      return "setup";
    case GuestFailureKind::kInterrupted:
      return "interrupted";
  }
  return "unknown";
}

std::string describe(const GuestFailure& failure) {
  std::string text = failure.message + "\n";
  if (!failure.console_tail.empty()) {
    text += "the console of the guest ends with:\n";
    for (const std::string& line : lines_of(failure.console_tail)) {
      text += "  " + line + "\n";
    }
  }
  return text;
}

ConsoleVerdict read_console(std::string_view console) {
  for (const std::string& line : lines_of(console)) {
    if (const Sign* sign = sign_in(line)) {
      return {sign->kind, without_time(line)};
    }
  }
  return {};
}

std::string console_excerpt(std::string_view console, std::size_t lines) {
  const std::vector<std::string> all = lines_of(console);
  const std::size_t sign = static_cast<std::size_t>(
      std::ranges::find_if(all, [](const std::string& line) { return sign_in(line); }) -
      all.begin());
  const std::size_t tail = all.size() - std::min(lines, all.size());
  if (sign >= tail) {
    return joined(all, tail, all.size());
  }
  const std::size_t rest = all.size() - lines / 2;
  const std::size_t end = std::min(sign + lines / 2, rest);
  return joined(all, sign, end) + (end < rest ? "...\n" : "") +
         joined(all, rest, all.size());
}

std::string tail_of(std::string_view console, std::size_t lines) {
  const std::vector<std::string> all = lines_of(console);
  return joined(all, all.size() - std::min(lines, all.size()), all.size());
}

std::string read_console_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream) {
    return {};
  }
  const std::streamoff size = stream.tellg();
  stream.seekg(std::max<std::streamoff>(0, size - kMaxConsoleBytes));
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace powercut
