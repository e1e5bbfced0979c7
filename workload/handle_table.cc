// SPDX-License-Identifier: GPL-2.0-only

#include "workload/handle_table.h"

#include "workload/workload_text.h"

#include <fmt/format.h>

namespace powercut {

namespace {

// Whether the operation needs a first file that is open for writing.
bool changes_first(OpKind kind) {
  return kind == OpKind::kWrite || kind == OpKind::kAppend ||
         kind == OpKind::kMmapWrite || kind == OpKind::kTruncate ||
         kind == OpKind::kAllocate;
}

}  // namespace

Status HandleTable::check_thread(const std::string& handle, std::uint64_t owner) const {
  if (owner != thread_) {
    return fail(ErrorKind::kUsage,
                fmt::format("handle @{} belongs to another thread", handle),
                "each thread opens its own");
  }
  return {};
}

Status HandleTable::open(const Operation& operation) {
  const std::string& handle = operation.handle;
  if (thread_ != 0) {
    const auto [used, first] = group_names_.emplace(handle, thread_);
    PC_RETURN_IF_ERROR(check_thread(handle, used->second));
  }
  const auto [found, added] =
      opened_.emplace(handle, Opened{thread_, operation.line, operation.flags});
  if (!added) {
    return fail(ErrorKind::kUsage,
                fmt::format("handle @{} is open already, since line {}", handle,
                            found->second.line),
                "close it, or take another name");
  }
  return {};
}

Status HandleTable::use(const std::string& handle, Operation& operation, bool changes) {
  auto found = opened_.find(handle);
  if (found == opened_.end()) {
    auto other = group_names_.find(handle);
    if (other != group_names_.end()) {
      PC_RETURN_IF_ERROR(check_thread(handle, other->second));
    }
    std::vector<std::string> names;
    for (const auto& [name, opened] : opened_) {
      names.push_back(name);
    }
    const std::string near = nearest_word(handle, names);
    return fail(ErrorKind::kUsage, fmt::format("handle @{} is not open", handle),
                near.empty() ? fmt::format("open @{} PATH before", handle)
                             : fmt::format("did you mean @{}?", near));
  }
  const Opened& opened = found->second;
  PC_RETURN_IF_ERROR(check_thread(handle, opened.thread));
  if (changes && (opened.flags.read_only || opened.flags.directory)) {
    return fail(ErrorKind::kUsage,
                fmt::format("handle @{} is open for reading only, since line {}", handle,
                            opened.line));
  }
  if (operation.kind == OpKind::kWrite || operation.kind == OpKind::kAppend) {
    operation.flags = opened.flags;
  }
  if (operation.kind == OpKind::kClose) {
    opened_.erase(found);
  }
  return {};
}

Status HandleTable::take(Operation& operation) {
  if (operation.kind == OpKind::kOpen) {
    return open(operation);
  }
  if (!operation.handle.empty()) {
    PC_RETURN_IF_ERROR(use(operation.handle, operation, changes_first(operation.kind)));
  }
  if (!operation.handle2.empty()) {
    PC_RETURN_IF_ERROR(use(operation.handle2, operation, true));
  }
  return {};
}

}  // namespace powercut
