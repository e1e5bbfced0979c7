// SPDX-License-Identifier: GPL-2.0-only

#include "device/kernel_messages.h"

#include <algorithm>
#include <array>
#include <utility>

namespace powercut {
namespace {

constexpr std::size_t kPointerDigits = 8;
constexpr std::size_t kBarePointerDigits = 16;

// What only tells that the machine is slow, or that lines are missing.
constexpr std::array<std::string_view, 9> kNoise = {"callbacks suppressed",
                                                    "hrtimer: interrupt took",
                                                    "clocksource: ",
                                                    "perf: interrupt took too long",
                                                    "hogged CPU for",
                                                    "sched: RT throttling activated",
                                                    "tsc: ",
                                                    "TSC ",
                                                    "printk: messages dropped"};

// Before these stands a number that differs: of a process or of a processor.
constexpr std::array<std::string_view, 5> kCounted = {"pid: ", "pid ",
                                                      "pid=", "cpu: ", "cpu#"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_hex(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}

bool is_word(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
}

bool begins_word(std::string_view text, std::size_t at) {
  return at == 0 || !is_word(text[at - 1]);
}

template <class Predicate>
std::size_t run_length(std::string_view text, std::size_t at, Predicate belongs) {
  std::size_t end = at;
  while (end < text.size() && belongs(text[end])) {
    ++end;
  }
  return end - at;
}

// Whether `name` stands at `at` as a whole: "loop1" does not in "loop12".
bool is_name_at(std::string_view text, std::size_t at, std::string_view name) {
  const std::size_t end = at + name.size();
  return begins_word(text, at) && text.substr(at, name.size()) == name &&
         (end == text.size() || !is_word(text[end]));
}

bool mentions_name(std::string_view text, std::string_view name) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (is_name_at(text, at, name)) {
      return true;
    }
  }
  return false;
}

std::string lowered(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), &lower);
  return result;
}

// "loop" and digits, whichever.
bool mentions_loop(std::string_view text) {
  for (std::size_t at = text.find("loop"); at != std::string_view::npos;
       at = text.find("loop", at + 1)) {
    if (begins_word(text, at) && at + 4 < text.size() && is_digit(text[at + 4])) {
      return true;
    }
  }
  return false;
}

// The length of a pointer at `at`, or 0: 0xffff888003a1c000, ffff888003a1c000, or any
// sixteen hexadecimal digits, which is what the kernel makes of a pointer it hides.
std::size_t pointer_length(std::string_view text, std::size_t at) {
  if (!begins_word(text, at)) {
    return 0;
  }
  const std::size_t prefix = text.substr(at).starts_with("0x") ? 2 : 0;
  const std::size_t digits = run_length(text, at + prefix, &is_hex);
  const std::size_t end = at + prefix + digits;
  if (end < text.size() && is_word(text[end])) {
    return 0;
  }
  return digits >= (prefix != 0 ? kPointerDigits : kBarePointerDigits) ? prefix + digits
                                                                       : 0;
}

// The length of "PID: " and its like at `at` if digits follow, or 0.
std::size_t counted_length(std::string_view text, std::size_t at) {
  for (const std::string_view word : kCounted) {
    if (begins_word(text, at) && lowered(text.substr(at, word.size())) == word &&
        at + word.size() < text.size() && is_digit(text[at + word.size()])) {
      return word.size();
    }
  }
  return 0;
}

bool is_noise(std::string_view text) {
  return std::ranges::any_of(kNoise, [&](std::string_view noise) {
    return text.find(noise) != std::string_view::npos;
  });
}

template <class Predicate>
std::vector<std::string> clean_lines(const std::vector<KernelLine>& lines,
                                     std::string_view device, Predicate wanted) {
  std::vector<std::string> messages;
  for (const KernelLine& line : lines) {
    if (line.severity > kKernelWarning || is_noise(line.text) || !wanted(line.text)) {
      continue;
    }
    if (messages.size() == kMaxKernelMessages) {
      break;
    }
    messages.push_back(clean_kernel_message(line.text, device));
  }
  return messages;
}

}  // namespace

std::string clean_kernel_message(std::string_view text, std::string_view device) {
  std::string clean;
  for (std::size_t at = 0; at < text.size();) {
    if (!device.empty() && is_name_at(text, at, device)) {
      clean += "<disk>";
      at += device.size();
    } else if (const std::size_t pointer = pointer_length(text, at); pointer != 0) {
      clean += "<address>";
      at += pointer;
    } else if (const std::size_t counted = counted_length(text, at); counted != 0) {
      clean += text.substr(at, counted);
      clean += "<n>";
      at += counted;
      at += run_length(text, at, &is_digit);
    } else if (begins_word(text, at) && text.substr(at).starts_with("kworker/")) {
      clean += "kworker";
      at += run_length(text, at, [](char c) { return c != ' ' && c != ',' && c != ')'; });
    } else {
      clean += text[at++];
    }
  }
  return clean;
}

std::vector<std::string> kernel_messages(const std::vector<KernelLine>& lines,
                                         std::string_view device) {
  return clean_lines(lines, device, [](const std::string&) { return true; });
}

std::vector<std::string> kernel_messages_about(const std::vector<KernelLine>& lines,
                                               std::string_view device,
                                               std::string_view file_system_type) {
  const std::string type = lowered(file_system_type);
  return clean_lines(lines, device, [&](const std::string& text) {
    return mentions_name(text, device) ||
           (!type.empty() && lowered(text).find(type) != std::string::npos &&
            !mentions_loop(text));
  });
}

}  // namespace powercut
