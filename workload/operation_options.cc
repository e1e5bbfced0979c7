// SPDX-License-Identifier: GPL-2.0-only
//
// What may stand behind the fixed words of an operation.

#include "workload/operation_fields.h"

#include <fmt/format.h>

#include <array>
#include <string>

namespace powercut {

namespace {

constexpr std::uint64_t kLastMajor = (1U << 12) - 1;
constexpr std::uint64_t kLastMinor = (1U << 20) - 1;

struct FlagName {
  const char* name;
  bool OpenFlags::*flag;
};

constexpr auto kFlagNames = std::to_array<FlagName>({
    {"create", &OpenFlags::create},
    {"excl", &OpenFlags::exclusive},
    {"trunc", &OpenFlags::truncate},
    {"append", &OpenFlags::append},
    {"sync", &OpenFlags::sync},
    {"dsync", &OpenFlags::dsync},
    {"direct", &OpenFlags::direct},
    {"rdonly", &OpenFlags::read_only},
    {"directory", &OpenFlags::directory},
    {"tmpfile", &OpenFlags::tmpfile},
});

Status bad(std::string message, std::string hint = {}) {
  return fail(ErrorKind::kUsage, std::move(message), std::move(hint));
}

Status unknown_option(const Word& word, const std::vector<std::string>& known) {
  const std::string near = nearest_word(word.text, known);
  return bad(fmt::format("unknown option {}", shown(word.text)),
             near.empty() ? fmt::format("there is: {}", fmt::join(known, " "))
                          : fmt::format("did you mean {}?", near));
}

// "NAME VALUE", the only option there is; or nothing. Null if it is not given.
Result<const Word*> read_pair(std::span<const Word> words, const std::string& name) {
  if (words.empty()) {
    return nullptr;
  }
  if (words[0].text != name) {
    return fail(unknown_option(words[0], {name}).error());
  }
  if (words.size() != 2) {
    return fail(ErrorKind::kUsage,
                fmt::format("'{}' takes one word, and is the last", name));
  }
  return &words[1];
}

Status read_byte(std::span<const Word> words, Operation& operation) {
  PC_ASSIGN_OR_RETURN(const Word* value, read_pair(words, "byte"));
  if (value != nullptr) {
    PC_ASSIGN_OR_RETURN(const std::uint64_t byte,
                        parse_number(value->text, "byte", 255, false));
    operation.fill = FillKind::kByte;
    operation.fill_byte = static_cast<std::uint8_t>(byte);
  }
  return {};
}

std::string print_byte(const Operation& operation) {
  return operation.fill == FillKind::kByte
             ? fmt::format(" byte 0x{:02x}", operation.fill_byte)
             : "";
}

Status set_mode(const Word& word, Operation& operation) {
  PC_ASSIGN_OR_RETURN(operation.mode, parse_mode(word.text));
  if (operation.mode == 0) {
    return bad("mode 0 cannot be asked for here", "chmod it behind");
  }
  return {};
}

Status read_mode(std::span<const Word> words, Operation& operation) {
  PC_ASSIGN_OR_RETURN(const Word* value, read_pair(words, "mode"));
  return value == nullptr ? Status{} : set_mode(*value, operation);
}

std::string print_mode(const Operation& operation) {
  return operation.mode == 0 ? "" : fmt::format(" mode {:04o}", operation.mode);
}

// What open(2) refuses, or does not define.
Status check_flags(const Operation& operation) {
  const OpenFlags& flags = operation.flags;
  const bool makes = flags.create || flags.tmpfile;
  if (flags.directory && (makes || flags.truncate || flags.append || flags.direct)) {
    return bad("a directory is opened for reading only", "directory goes with rdonly");
  }
  if (flags.create && flags.tmpfile) {
    return bad("create and tmpfile at once", "tmpfile makes a file without a name");
  }
  if (flags.exclusive && !makes) {
    return bad("excl without create");
  }
  if (flags.read_only && (flags.truncate || flags.tmpfile)) {
    return bad("rdonly with what changes the file");
  }
  if (operation.mode != 0 && !makes) {
    return bad("a mode without create or tmpfile");
  }
  if (operation.path == "/" && !flags.directory && !flags.tmpfile) {
    return bad("'/' is a directory", "open it with directory or tmpfile");
  }
  return {};
}

Status read_open(std::span<const Word> words, Operation& operation) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].text == "mode") {
      if (++i == words.size()) {
        return bad("'mode' takes one word");
      }
      PC_RETURN_IF_ERROR(set_mode(words[i], operation));
      continue;
    }
    std::vector<std::string> known = {"mode"};
    bool found = false;
    for (const FlagName& each : kFlagNames) {
      known.emplace_back(each.name);
      if (words[i].text == each.name) {
        operation.flags.*each.flag = true;
        found = true;
      }
    }
    if (!found) {
      return unknown_option(words[i], known);
    }
  }
  return check_flags(operation);
}

std::string print_open(const Operation& operation) {
  std::string text;
  for (const FlagName& each : kFlagNames) {
    if (operation.flags.*each.flag) {
      text += fmt::format(" {}", each.name);
    }
  }
  return text + print_mode(operation);
}

Status read_rename(std::span<const Word> words, Operation& operation) {
  if (words.empty()) {
    return {};
  }
  if (words.size() > 1) {
    return bad("more than one word behind the names", "noreplace or exchange");
  }
  if (words[0].text == "noreplace") {
    operation.rename = RenameMode::kNoReplace;
  } else if (words[0].text == "exchange") {
    operation.rename = RenameMode::kExchange;
  } else {
    return unknown_option(words[0], {"noreplace", "exchange"});
  }
  return {};
}

std::string print_rename(const Operation& operation) {
  switch (operation.rename) {
    case RenameMode::kReplace:
      return "";
    case RenameMode::kNoReplace:
      return " noreplace";
    case RenameMode::kExchange:
      return " exchange";
  }
  return "";
}

Status read_device(std::span<const Word> words, Operation& operation) {
  const bool device = operation.node != NodeKind::kFifo;
  if (words.size() != (device ? 2U : 0U)) {
    return bad(device ? "a device needs its numbers" : "a fifo has no numbers",
               "mknod PATH fifo, or mknod PATH char 1 3");
  }
  if (device) {
    PC_ASSIGN_OR_RETURN(const std::uint64_t major,
                        parse_number(words[0].text, "major", kLastMajor, false));
    PC_ASSIGN_OR_RETURN(const std::uint64_t minor,
                        parse_number(words[1].text, "minor", kLastMinor, false));
    operation.user = static_cast<std::uint32_t>(major);
    operation.group = static_cast<std::uint32_t>(minor);
  }
  return {};
}

std::string print_device(const Operation& operation) {
  return operation.node == NodeKind::kFifo
             ? ""
             : fmt::format(" {} {}", operation.user, operation.group);
}

Status read_submit(std::span<const Word> words, Operation& operation) {
  if (words.size() != 2 || words[0].text != "as") {
    return bad("it has no name", "usage: submit @H OFFSET LENGTH as NAME");
  }
  return read_submitted_name(words[1], operation);
}

// The marks that perform() itself writes must not be forged.
bool is_reserved(std::string_view text) {
  const std::string_view first = text.substr(0, text.find(' '));
  return text == "begin" || text == "mkfs" || text == "mount" || text == "end" ||
         first == "ack" || first == "made" || first == "failed" ||
         first == "operations-done";
}

Status read_mark(std::span<const Word> words, Operation& operation) {
  std::string text;
  for (const Word& word : words) {
    text += fmt::format("{}{}", text.empty() ? "" : " ", word.text);
  }
  if (text.empty() || text.size() > kMostMarkBytes ||
      text.find('\n') != std::string::npos || text.find('\0') != std::string::npos) {
    return bad(fmt::format("{} is no mark", shown(text)),
               fmt::format("1 to {} bytes, no newline", kMostMarkBytes));
  }
  if (is_reserved(text)) {
    return bad(fmt::format("{} is a mark that the recording makes itself", shown(text)),
               "take another word");
  }
  operation.text = text;
  return {};
}

}  // namespace

const OperationOptions kByteOptions = {"[byte 0xHH]", &read_byte, &print_byte};
const OperationOptions kModeOptions = {"[mode MODE]", &read_mode, &print_mode};
const OperationOptions kOpenOptions = {"[FLAG...] [mode MODE]", &read_open, &print_open};
const OperationOptions kRenameOptions = {"[noreplace|exchange]", &read_rename,
                                         &print_rename};
const OperationOptions kDeviceOptions = {"[MAJOR MINOR]", &read_device, &print_device};
const OperationOptions kMarkOptions = {
    "TEXT", &read_mark, [](const Operation& operation) {
      return fmt::format(" {}", word_text(operation.text));
    }};
const OperationOptions kSubmitOptions = {
    "as NAME", &read_submit, [](const Operation& operation) {
      return fmt::format(" as {}", word_text(operation.text));
    }};

}  // namespace powercut
