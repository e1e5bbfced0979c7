// SPDX-License-Identifier: GPL-2.0-only

#include "workload/handle_table.h"

#include "workload/workload_text.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace powercut {

namespace {

// Whether the operation needs a first file that is open for writing.
bool changes_first(OpKind kind) {
  return kind == OpKind::kWrite || kind == OpKind::kAppend ||
         kind == OpKind::kMmapWrite || kind == OpKind::kTruncate ||
         kind == OpKind::kAllocate || kind == OpKind::kSubmit;
}

}  // namespace

Status HandleTable::check_thread(const std::string& what, std::uint64_t owner) const {
  if (owner != thread_) {
    return fail(ErrorKind::kUsage, fmt::format("{} belongs to another thread", what),
                "each thread opens its own");
  }
  return {};
}

Status HandleTable::open(const Operation& operation) {
  const std::string& handle = operation.handle;
  if (thread_ != 0) {
    const auto [used, first] = group_names_.emplace(handle, thread_);
    PC_RETURN_IF_ERROR(check_thread("handle @" + handle, used->second));
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
      PC_RETURN_IF_ERROR(check_thread("handle @" + handle, other->second));
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
  PC_RETURN_IF_ERROR(check_thread("handle @" + handle, opened.thread));
  if (changes && (opened.flags.read_only || opened.flags.directory)) {
    return fail(ErrorKind::kUsage,
                fmt::format("handle @{} is open for reading only, since line {}", handle,
                            opened.line));
  }
  if (operation.kind == OpKind::kWrite || operation.kind == OpKind::kAppend) {
    operation.flags = opened.flags;
  }
  if (operation.kind == OpKind::kSubmit) {
    return submit(operation, opened);
  }
  if (operation.kind == OpKind::kClose) {
    for (const auto& [name, submitted] : submitted_) {
      if (submitted.in_flight && submitted.handle == handle) {
        return fail(ErrorKind::kUsage,
                    fmt::format("the write {} is in flight through @{}, since line {}",
                                name, handle, submitted.line),
                    fmt::format("wait {} before", name));
      }
    }
    opened_.erase(found);
  }
  return {};
}

Status HandleTable::submit(const Operation& operation, const Opened& handle) {
  if (!handle.flags.direct || handle.flags.append) {
    return fail(ErrorKind::kUsage,
                fmt::format("handle @{} is open {} direct{}, since line {}",
                            operation.handle, handle.flags.direct ? "with" : "without",
                            handle.flags.append ? " and with append" : "", handle.line),
                "what is submitted is a direct write, at the offset that it says");
  }
  Submitted made{thread_, operation.line, operation.text, operation.handle, handle.flags};
  const auto [found, added] = submitted_.emplace(operation.text, made);
  if (!added && found->second.in_flight) {
    return fail(ErrorKind::kUsage,
                fmt::format("the write {} is in flight already, since line {}",
                            operation.text, found->second.line),
                "wait for it, or take another name");
  }
  found->second = std::move(made);
  return {};
}

// wait and acknowledge
Status HandleTable::use_submitted(Operation& operation) {
  const auto found = submitted_.find(operation.text);
  if (found == submitted_.end()) {
    std::vector<std::string> names;
    for (const auto& [name, submitted] : submitted_) {
      names.push_back(name);
    }
    const std::string near = nearest_word(operation.text, names);
    return fail(
        ErrorKind::kUsage, fmt::format("no write {} was submitted", operation.text),
        near.empty() ? fmt::format("submit @H OFFSET LENGTH as {} before", operation.text)
                     : fmt::format("did you mean {}?", near));
  }
  Submitted& submitted = found->second;
  PC_RETURN_IF_ERROR(check_thread("the write " + operation.text, submitted.thread));
  if (operation.kind == OpKind::kWait) {
    if (!submitted.in_flight) {
      return fail(ErrorKind::kUsage,
                  fmt::format("the write {} was waited for already", operation.text),
                  fmt::format("it was submitted once, in line {}", submitted.line));
    }
    submitted.in_flight = false;
    operation.flags = submitted.flags;
  }
  return {};
}

std::optional<HandleTable::Submitted> HandleTable::in_flight() const {
  for (const auto& [name, submitted] : submitted_) {
    if (submitted.in_flight && submitted.thread == thread_) {
      return submitted;
    }
  }
  return std::nullopt;
}

// A claim says of its second file what it holds, and does not write it.
Status HandleTable::take(Operation& operation) {
  if (operation.kind == OpKind::kOpen) {
    return open(operation);
  }
  if (operation.kind == OpKind::kWait || operation.kind == OpKind::kAcknowledge) {
    return use_submitted(operation);
  }
  if (!operation.handle.empty()) {
    PC_RETURN_IF_ERROR(use(operation.handle, operation, changes_first(operation.kind)));
  }
  if (!operation.handle2.empty()) {
    PC_RETURN_IF_ERROR(
        use(operation.handle2, operation, operation.kind != OpKind::kClaim));
  }
  return {};
}

}  // namespace powercut
