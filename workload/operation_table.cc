// SPDX-License-Identifier: GPL-2.0-only

#include "workload/operation_table.h"

#include "base/ensure.h"
#include "workload/operation_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace powercut {

namespace {

constexpr std::uint64_t kLastOffset = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kMostWrittenBytes = 1ULL << 30;
constexpr std::uint64_t kMostSubmittedBytes = 1ULL << 26;
constexpr std::uint64_t kSectorBytes = 512;

constexpr bool kTakesRoot = true;

std::vector<OperationSpec> make_table() {
  const OperationField* path = &kPathField;
  const OperationField* file = &kFileField;
  const OperationField* offset = &kOffsetField;
  const OperationField* length = &kLengthField;
  return {
      {"creat", OpKind::kCreate, {path}, &kModeOptions},
      {"open", OpKind::kOpen, {&kHandleField, path}, &kOpenOptions, kTakesRoot},
      {"close", OpKind::kClose, {&kHandleField}},
      {"write", OpKind::kWrite, {file, offset, length}, &kByteOptions},
      {"append", OpKind::kAppend, {file, length}, &kByteOptions},
      {"mmap-write", OpKind::kMmapWrite, {file, offset, length}, &kByteOptions},
      {"msync", OpKind::kMsync, {file, offset, length}},
      {"read", OpKind::kRead, {file, offset, length}},
      {"overwrite", OpKind::kOverwrite, {file, offset, length}},
      {"submit", OpKind::kSubmit, {&kHandleField, offset, length}, &kSubmitOptions},
      {"wait", OpKind::kWait, {&kSubmittedField}},
      {"truncate", OpKind::kTruncate, {file, &kSizeField}},
      {"falloc", OpKind::kAllocate, {file, &kAllocateModeField, offset, length}},
      {"clone", OpKind::kClone, {&kFromFileField, &kToFileField}},
      {"clone-range",
       OpKind::kCloneRange,
       {&kFromFileField, offset, length, &kToFileField, &kToOffsetField}},
      {"mkdir", OpKind::kMkdir, {path}, &kModeOptions},
      {"rmdir", OpKind::kRmdir, {path}},
      {"link", OpKind::kLink, {&kOldPathField, &kNewPathField}},
      {"symlink", OpKind::kSymlink, {&kTargetField, path}},
      {"rename", OpKind::kRename, {&kOldPathField, &kNewPathField}, &kRenameOptions},
      {"unlink", OpKind::kUnlink, {path}},
      {"mknod", OpKind::kMknod, {path, &kNodeField}, &kDeviceOptions},
      {"chmod", OpKind::kChmod, {path, &kModeField}, nullptr, kTakesRoot},
      {"chown", OpKind::kChown, {path, &kUserField, &kGroupField}, nullptr, kTakesRoot},
      {"setxattr",
       OpKind::kSetXattr,
       {path, &kXattrNameField, &kXattrValueField},
       nullptr,
       kTakesRoot},
      {"removexattr",
       OpKind::kRemoveXattr,
       {path, &kXattrNameField},
       nullptr,
       kTakesRoot},
      {"fsync", OpKind::kFsync, {file}, nullptr, kTakesRoot},
      {"fdatasync", OpKind::kFdatasync, {file}, nullptr, kTakesRoot},
      {"sync", OpKind::kSync, {}},
      {"syncfs", OpKind::kSyncfs, {}},
      {"acknowledge", OpKind::kAcknowledge, {&kSubmittedField}},
      {"claim", OpKind::kClaim, {&kFromFileField, &kToFileField, &kMarkTextField}},
      {"drop-caches", OpKind::kDropCaches, {}},
      {"sleep", OpKind::kSleep, {&kMillisecondsField}},
      {"mark", OpKind::kMark, {}, &kMarkOptions},
  };
}

bool writes_data(OpKind kind) {
  return kind == OpKind::kWrite || kind == OpKind::kAppend || kind == OpKind::kMmapWrite;
}

// What one word alone cannot say.
Status check_whole(const OperationSpec& spec, const Operation& operation) {
  if (!spec.takes_root && (operation.path == "/" || operation.path2 == "/")) {
    return fail(ErrorKind::kUsage, "'/' is the root of the file system",
                "only fsync, fdatasync, open, chmod, chown and xattrs take it");
  }
  if (operation.length_bytes > kLastOffset - operation.offset_bytes ||
      operation.length_bytes > kLastOffset - operation.offset2_bytes) {
    return fail(ErrorKind::kUsage, "offset and length go beyond what a file can have");
  }
  if (writes_data(spec.kind) && operation.length_bytes > kMostWrittenBytes) {
    return fail(ErrorKind::kUsage,
                fmt::format("{} bytes in one write", operation.length_bytes),
                "at most 1G; a repeat writes more");
  }
  if ((spec.kind == OpKind::kSubmit || spec.kind == OpKind::kOverwrite) &&
      (operation.length_bytes > kMostSubmittedBytes ||
       (operation.offset_bytes | operation.length_bytes) % kSectorBytes != 0)) {
    return fail(ErrorKind::kUsage,
                fmt::format("{} bytes at {} are no direct write", operation.length_bytes,
                            operation.offset_bytes),
                "whole sectors of 512 bytes, at most 64M");
  }
  return {};
}

Status wrong_words(const OperationSpec& spec, std::size_t given) {
  return fail(ErrorKind::kUsage,
              fmt::format("{} words behind it, {} wanted", given, spec.fields.size()),
              fmt::format("usage: {}", spec.synopsis()));
}

Status read_words(const OperationSpec& spec, std::span<const Word> words,
                  Operation& operation) {
  if (words.size() < spec.fields.size() ||
      (words.size() > spec.fields.size() && spec.options == nullptr)) {
    return wrong_words(spec, words.size());
  }
  for (std::size_t i = 0; i < spec.fields.size(); ++i) {
    PC_RETURN_IF_ERROR(spec.fields[i]->read(words[i], operation));
  }
  if (spec.options != nullptr) {
    PC_RETURN_IF_ERROR(spec.options->read(words.subspan(spec.fields.size()), operation));
  }
  return check_whole(spec, operation);
}

// Made before main(): a child that was forked from a program with threads must not find
// it half made.
const std::vector<OperationSpec> kTable = make_table();

}  // namespace

std::string OperationSpec::synopsis() const {
  std::string text = name;
  for (const OperationField* field : fields) {
    text += fmt::format(" {}", field->name);
  }
  if (options != nullptr) {
    text += fmt::format(" {}", options->synopsis);
  }
  return text;
}

const std::vector<OperationSpec>& operation_table() {
  return kTable;
}

const OperationSpec& spec_of(OpKind kind) {
  const std::vector<OperationSpec>& table = operation_table();
  // The table is in the order of OpKind; a test looks.
  const auto at = static_cast<std::size_t>(kind);
  PC_ENSURE(at < table.size() && table[at].kind == kind, "an entry for each OpKind");
  return table[at];
}

const OperationSpec* find_operation(std::string_view name) {
  if (name == "touch") {
    name = "creat";
  }
  const std::vector<OperationSpec>& table = operation_table();
  auto found = std::find_if(table.begin(), table.end(),
                            [&](const OperationSpec& spec) { return spec.name == name; });
  return found == table.end() ? nullptr : &*found;
}

Result<Operation> read_operation(std::span<const Word> words) {
  const std::string& name = words.front().text;
  const OperationSpec* spec = find_operation(name);
  if (spec == nullptr) {
    std::vector<std::string> names = {"touch", "repeat", "threads", "thread"};
    for (const OperationSpec& each : operation_table()) {
      names.emplace_back(each.name);
    }
    const std::string near = nearest_word(name, names);
    return fail(ErrorKind::kUsage, fmt::format("unknown operation {}", shown(name)),
                near.empty() ? "docs/writing-a-scenario.md lists them"
                             : fmt::format("did you mean {}?", near));
  }
  Operation operation;
  operation.kind = spec->kind;
  Status status = read_words(*spec, words.subspan(1), operation);
  if (!status) {
    Error error = std::move(status).error();
    error.message = fmt::format("{}: {}", spec->name, error.message);
    return fail(std::move(error));
  }
  return operation;
}

}  // namespace powercut
