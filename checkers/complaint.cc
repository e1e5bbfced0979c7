// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/complaint.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>

namespace powercut {

namespace {

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

bool is_hex(char c) {
  return std::isxdigit(static_cast<unsigned char>(c)) != 0;
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::size_t word_length(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_word);
  return static_cast<std::size_t>(end - text.begin());
}

// 8-4-4-4-12 hexadecimal digits.
bool begins_with_uuid(std::string_view text) {
  constexpr std::size_t kUuid = 36;
  if (text.size() < kUuid || (text.size() > kUuid && is_word(text[kUuid]))) {
    return false;
  }
  for (std::size_t i = 0; i < kUuid; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) {
      return false;
    }
  }
  return true;
}

// "12", "0x1f", "4KiB", "ffff888012345678"; not "ext4".
bool is_number(std::string_view word) {
  constexpr std::size_t kAddress = 8;
  return is_digit(word[0]) ||
         (word.size() >= kAddress && std::all_of(word.begin(), word.end(), is_hex) &&
          std::any_of(word.begin(), word.end(), is_digit));
}

// "loop3", "vda", "sdb1", "nvme0n1", "dm-2".
bool is_device(std::string_view word) {
  constexpr std::array<std::string_view, 4> kNumbered = {"loop", "nvme", "nbd", "md"};
  if (std::any_of(kNumbered.begin(), kNumbered.end(), [&](std::string_view name) {
        return word.starts_with(name) && word.size() > name.size() &&
               is_digit(word[name.size()]);
      })) {
    return true;
  }
  const std::string_view rest = word.size() >= 3 ? word.substr(3) : std::string_view();
  return (word.starts_with("vd") || word.starts_with("sd")) && word.size() >= 3 &&
         std::islower(static_cast<unsigned char>(word[2])) != 0 &&
         std::all_of(rest.begin(), rest.end(), is_digit);
}

// How many bytes of the beginning name a block device.
std::size_t device_length(std::string_view text) {
  constexpr std::string_view kMapper = "dm-";
  if (text.starts_with("/dev/")) {
    const std::size_t end = text.find_first_of(" ,:;)]'\"");
    return end == std::string_view::npos ? text.size() : end;
  }
  if (text.starts_with(kMapper) && text.size() > kMapper.size() &&
      is_digit(text[kMapper.size()])) {
    return kMapper.size() + word_length(text.substr(kMapper.size()));
  }
  const std::size_t length = word_length(text);
  return is_device(text.substr(0, length)) ? length : 0;
}

}  // namespace

std::string complaint_key(std::string_view line) {
  constexpr std::size_t kUuid = 36;
  std::string key;
  for (std::size_t at = 0; at < line.size();) {
    const std::string_view rest = line.substr(at);
    const bool begins = at == 0 || !is_word(line[at - 1]);
    if (!begins || (!is_word(rest[0]) && rest[0] != '/')) {
      key += rest[0];
      ++at;
    } else if (const std::size_t device = device_length(rest); device != 0) {
      key += "<disk>";
      at += device;
    } else if (begins_with_uuid(rest)) {
      key += '#';
      at += kUuid;
    } else if (rest[0] == '/') {
      key += '/';
      ++at;
    } else {
      const std::string_view word = rest.substr(0, word_length(rest));
      key += is_number(word) ? "#" : std::string(word);
      at += word.size();
    }
  }
  return key;
}

std::string without_addresses(std::string_view text) {
  constexpr std::size_t kFewest = 10;
  std::string out;
  while (!text.empty()) {
    const std::size_t at = std::min(text.find("0x"), text.size());
    out += text.substr(0, at);
    text.remove_prefix(at);
    if (text.empty()) {
      break;
    }
    const std::string_view digits = text.substr(2);
    const auto end = std::find_if_not(digits.begin(), digits.end(), is_hex);
    const auto count = static_cast<std::size_t>(end - digits.begin());
    out += count >= kFewest ? "<address>" : std::string(text.substr(0, 2 + count));
    text.remove_prefix(2 + count);
  }
  return out;
}

namespace {

using Phrases = std::vector<std::string_view>;

bool has_any(std::string_view text, const Phrases& phrases) {
  return std::any_of(phrases.begin(), phrases.end(), [&](std::string_view phrase) {
    return text.find(phrase) != std::string_view::npos;
  });
}

// What says that something is wrong. In lower case.
const Phrases& trouble() {
  static const Phrases words = {"warning:",
                                "bug:",
                                "kernel bug",
                                "oops",
                                "corrupt",
                                "error",
                                "fail",
                                "inconsisten",
                                "invalid",
                                "bad ",
                                "mismatch",
                                "shut down",
                                "shutting down",
                                "shutdown",
                                "cannot",
                                "can't",
                                "could not",
                                "couldn't",
                                "unable",
                                "assert",
                                "abort",
                                "unexpected",
                                "wrong",
                                "illegal",
                                "out of range",
                                "missing",
                                "circular lock",
                                "recursive lock",
                                "lock inversion",
                                "unlock balance",
                                "suspicious rcu",
                                "kasan",
                                "ubsan",
                                "null pointer",
                                "general protection",
                                "deadlock",
                                "use-after-free",
                                "refcount"};
  return words;
}

// Lines with such words that a sound recovery may print.
const Phrases& harmless() {
  static const Phrases phrases = {
      // ext4 without a journal after a crash, and reminders of the superblock.
      "mounting unchecked fs", "maximal mount count reached", "checktime reached",
      // xfs: the last record of the log is torn, which a crash may do to it.
      "torn write (crc failure) detected",
      // vfat: its dirty bit.
      "volume was not properly unmounted",
      // f2fs: one of its two checkpoints is torn or was never written; with both so it
      // does not mount.
      "invalid crc value", "invalid crc_offset",
      // btrfs: the old cache of free space, which no crash keeps.
      "rebuilding it now", "did not match free space cache generation",
      "wrong amount of free space",
      // btrfs tells of each copy of a block that does not hold, at most ten times in five
      // seconds, and of blocks that it read ahead and never needs: no two runs say the
      // same. What follows when no copy holds (no mount, an I/O error) is told besides,
      // and btrfs check finds a copy that differs.
      "checksum verify failed", "parent transid verify failed", "bad tree block start",
      // A disk that has no discard or write-zeroes; the file system goes another way.
      "operation not supported error", "deprecated",
      // Only slow, or hung: then it is a timeout.
      "soft lockup", "blocked for more than", "stall", "hogged cpu", "hrtimer",
      "clocksource", "starved",
      // Behind a complaint, what to do about it.
      "unmount and run xfs_repair", "please unmount the filesystem",
      "bytes of corrupted metadata buffer"};
  return phrases;
}

// "  ? ext4_lookup+0x1f/0x60 [ext4]": which functions are there may differ.
bool is_stack_entry(std::string_view line) {
  const std::size_t plus = line.find("+0x");
  if (plus == std::string_view::npos ||
      line.find("/0x", plus) == std::string_view::npos) {
    return false;
  }
  const std::string_view before = line.substr(0, plus);
  const std::size_t blank = before.find_last_of(' ');
  const std::string_view lead =
      blank == std::string_view::npos ? std::string_view() : before.substr(0, blank);
  return lead.find_first_not_of(" ?") == std::string_view::npos;
}

// What a dump of processor and stack consists of, and a dump of bytes: "00000010: 58 41".
bool is_detail(std::string_view line) {
  constexpr std::array<std::string_view, 14> kDetails = {
      "RIP:", "RSP:",       "Code:",      "Modules linked in", "Hardware name:",
      "CPU:", "Call Trace", "---[",       "------------[",     "Tainted",
      "RAX:", "CR2:",       "Workqueue:", "irq event stamp"};
  const std::size_t text = line.find_first_not_of(' ');
  const std::string_view body =
      text == std::string_view::npos ? std::string_view() : line.substr(text);
  const bool bytes = body.size() > 9 && body[8] == ':' &&
                     std::all_of(body.begin(), body.begin() + 8, is_hex);
  return bytes || is_stack_entry(line) ||
         std::any_of(kDetails.begin(), kDetails.end(),
                     [&](std::string_view detail) { return body.starts_with(detail); });
}

}  // namespace

bool kernel_complains(std::string_view line) {
  if (is_detail(line)) {
    return false;
  }
  std::string lower(line);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return has_any(lower, trouble()) && !has_any(lower, harmless());
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

}  // namespace powercut
