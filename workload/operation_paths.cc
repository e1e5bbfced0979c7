// SPDX-License-Identifier: GPL-2.0-only
//
// Fields that are paths, handles and texts.

#include "workload/operation_fields.h"

#include <fmt/format.h>

#include <algorithm>

namespace powercut {

namespace {

constexpr std::size_t kMostPathBytes = 4095;
constexpr std::size_t kMostNameBytes = 255;
constexpr std::size_t kMostValueBytes = 65536;

Status bad(std::string message, std::string hint = {}) {
  return fail(ErrorKind::kUsage, std::move(message), std::move(hint));
}

Status check_path(const std::string& path) {
  if (path == "/") {
    return {};
  }
  if (path.empty() || path.size() > kMostPathBytes ||
      path.find('\0') != std::string::npos) {
    return bad(fmt::format("{} is no path", shown(path)),
               fmt::format("1 to {} bytes, none of them zero", kMostPathBytes));
  }
  if (path.front() == '/') {
    return bad(fmt::format("path {} leaves the file system", shown(path)),
               "paths are relative to its root: a/b");
  }
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view name = std::string_view(path).substr(begin, end - begin);
    if (name == "..") {
      return bad(fmt::format("path {} leaves the file system", shown(path)),
                 "paths are relative to its root, without '..'");
    }
    if (name.empty() || name == "." || name.size() > kMostNameBytes) {
      return bad(fmt::format("{} is no path", shown(path)),
                 fmt::format("names of 1 to {} bytes with '/' between, without '.'",
                             kMostNameBytes));
    }
    begin = end + 1;
  }
  return {};
}

Status read_path(const Word& word, std::string& path) {
  if (!word.quoted && word.text.starts_with('@')) {
    return bad(fmt::format("a path is wanted, not the handle {}", shown(word.text)),
               "a name that begins with @ stands in quotes");
  }
  PC_RETURN_IF_ERROR(check_path(word.text));
  path = word.text;
  return {};
}

// What handles and submitted writes are called.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= kMostNameBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
         });
}

Status read_handle(const Word& word, std::string& handle) {
  const std::string_view name = std::string_view(word.text).substr(
      word.quoted || !word.text.starts_with('@') ? word.text.size() : 1);
  if (!is_plain_name(name)) {
    return bad(fmt::format("{} is no handle", shown(word.text)),
               "a handle is @ and letters, digits, _ - or .: @h");
  }
  handle = name;
  return {};
}

Status read_file(const Word& word, std::string& path, std::string& handle) {
  return !word.quoted && word.text.starts_with('@') ? read_handle(word, handle)
                                                    : read_path(word, path);
}

std::string print_file(const std::string& path, const std::string& handle) {
  return handle.empty() ? word_text(path) : fmt::format("@{}", handle);
}

Status read_first_path(const Word& word, Operation& operation) {
  return read_path(word, operation.path);
}

std::string print_first_path(const Operation& operation) {
  return word_text(operation.path);
}

Status read_first_file(const Word& word, Operation& operation) {
  return read_file(word, operation.path, operation.handle);
}

std::string print_first_file(const Operation& operation) {
  return print_file(operation.path, operation.handle);
}

Status read_text(const Word& word, Operation& operation, std::string_view what,
                 std::size_t most) {
  if (word.text.empty() || word.text.size() > most ||
      word.text.find('\0') != std::string::npos) {
    return bad(fmt::format("{} is no {}", shown(word.text), what),
               fmt::format("1 to {} bytes, none of them zero", most));
  }
  operation.text = word.text;
  return {};
}

std::string print_text(const Operation& operation) {
  return word_text(operation.text);
}

}  // namespace

Status read_submitted_name(const Word& word, Operation& operation) {
  if (!is_plain_name(word.text)) {
    return bad(fmt::format("{} is no name of a write", shown(word.text)),
               "letters, digits, _ - or .: submit @h 0 4K as first");
  }
  operation.text = word.text;
  return {};
}

const OperationField kPathField = {"PATH", &read_first_path, &print_first_path};
const OperationField kOldPathField = {"OLD", &read_first_path, &print_first_path};
const OperationField kNewPathField = {
    "NEW",
    [](const Word& word, Operation& operation) {
      return read_path(word, operation.path2);
    },
    [](const Operation& operation) { return word_text(operation.path2); }};
const OperationField kHandleField = {
    "@H",
    [](const Word& word, Operation& operation) {
      return read_handle(word, operation.handle);
    },
    [](const Operation& operation) { return fmt::format("@{}", operation.handle); }};
const OperationField kFileField = {"FILE", &read_first_file, &print_first_file};
const OperationField kFromFileField = {"FROM", &read_first_file, &print_first_file};
const OperationField kToFileField = {
    "TO",
    [](const Word& word, Operation& operation) {
      return read_file(word, operation.path2, operation.handle2);
    },
    [](const Operation& operation) {
      return print_file(operation.path2, operation.handle2);
    }};
const OperationField kTargetField = {"TARGET",
                                     [](const Word& word, Operation& operation) {
                                       return read_text(word, operation, "target",
                                                        kMostPathBytes);
                                     },
                                     &print_text};
const OperationField kXattrNameField = {
    "NAME",
    [](const Word& word, Operation& operation) {
      return read_text(word, operation, "name of an attribute", kMostNameBytes);
    },
    &print_text};
const OperationField kXattrValueField = {
    "VALUE",
    [](const Word& word, Operation& operation) -> Status {
      if (word.text.size() > kMostValueBytes) {
        return bad(fmt::format("a value of {} bytes", word.text.size()),
                   fmt::format("at most {}", kMostValueBytes));
      }
      operation.value = word.text;
      return {};
    },
    [](const Operation& operation) { return word_text(operation.value); }};
const OperationField kSubmittedField = {"NAME", &read_submitted_name, &print_text};
const OperationField kMarkTextField = {
    "MARK",
    [](const Word& word, Operation& operation) {
      return read_text(word, operation, "text of a mark", kMostMarkBytes);
    },
    &print_text};

}  // namespace powercut
