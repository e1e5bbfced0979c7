// SPDX-License-Identifier: GPL-2.0-only
//
// Random operations and workloads as the language can say them: with names that need
// quotes, handles, threads. Not such that a file system could do them.

#pragma once

#include "base/random.h"
#include "workload/operation.h"
#include "workload/operation_table.h"

#include <map>
#include <string>
#include <utility>

namespace powercut {

class RandomText {
 public:
  explicit RandomText(std::uint64_t seed) : random_(seed) {}

  // `operations` may become less.
  Workload workload(std::size_t operations) {
    Workload result;
    while (result.operations.size() < operations) {
      if (random_.below(10) == 0) {
        add_group(result);
      } else {
        thread_prefix_ = "m";
        add_operation(result, 0);
      }
    }
    return result;
  }

  // With no handle in it.
  Operation operation() {
    const std::vector<OperationSpec>& table = operation_table();
    while (true) {
      const OpKind kind = table[random_.below(table.size())].kind;
      if (kind != OpKind::kOpen && kind != OpKind::kClose && kind != OpKind::kSubmit &&
          kind != OpKind::kWait && kind != OpKind::kAcknowledge) {
        return operation_of(kind);
      }
    }
  }

  Operation operation_of(OpKind kind) {
    Operation operation;
    operation.kind = kind;
    fill_names(operation);
    fill_numbers(operation);
    return operation;
  }

  std::string text(std::size_t most) {
    std::string result;
    const std::size_t size = 1 + random_.below(most);
    const bool plain = random_.below(2) == 0;
    while (result.size() < size) {
      const char c = plain ? static_cast<char>('a' + random_.below(26))
                           : static_cast<char>(1 + random_.below(255));
      result += c;
    }
    return result;
  }

  std::string path() {
    std::string result;
    for (std::uint64_t i = 0; i <= random_.below(3); ++i) {
      std::string name = text(8);
      for (char& c : name) {
        c = c == '/' || c == '.' ? '@' : c;
      }
      result += result.empty() ? name : "/" + name;
    }
    return result;
  }

 private:
  void fill_names(Operation& operation) {
    const OpKind kind = operation.kind;
    const bool pathless = kind == OpKind::kClose || kind == OpKind::kSync ||
                          kind == OpKind::kSyncfs || kind == OpKind::kDropCaches ||
                          kind == OpKind::kSleep || kind == OpKind::kMark;
    if (!pathless) {
      operation.path = path();
    }
    switch (kind) {
      case OpKind::kLink:
      case OpKind::kRename:
      case OpKind::kClone:
      case OpKind::kCloneRange:
        operation.path2 = path();
        break;
      case OpKind::kClaim:
        operation.path2 = path();
        operation.text = text(20);
        break;
      case OpKind::kSymlink:
      case OpKind::kRemoveXattr:
        operation.text = text(20);
        break;
      case OpKind::kMark:
        operation.text = "x" + path();
        for (char& c : operation.text) {
          c = c == '\n' ? ' ' : c;
        }
        break;
      case OpKind::kSetXattr:
        operation.text = text(20);
        operation.value = random_.below(4) == 0 ? "" : text(100) + '\0';
        break;
      default:
        break;
    }
  }

  std::uint64_t bytes() { return (1 + random_.below(1000)) << random_.below(3) * 10; }

  void fill_numbers(Operation& operation) {
    switch (operation.kind) {
      case OpKind::kWrite:
      case OpKind::kMmapWrite:
        operation.offset_bytes = bytes() - 1;
        [[fallthrough]];
      case OpKind::kAppend:
        operation.length_bytes = bytes();
        if (random_.below(2) == 0) {
          operation.fill = FillKind::kByte;
          operation.fill_byte = static_cast<std::uint8_t>(random_.below(256));
        }
        break;
      case OpKind::kAllocate:
        operation.allocate = static_cast<AllocateMode>(random_.below(8));
        [[fallthrough]];
      case OpKind::kMsync:
      case OpKind::kRead:
        operation.offset_bytes = bytes() - 1;
        operation.length_bytes = bytes();
        break;
      case OpKind::kOverwrite:
        operation.offset_bytes = random_.below(1000) * 512;
        operation.length_bytes = (1 + random_.below(1000)) * 512;
        break;
      case OpKind::kCloneRange:
        operation.offset_bytes = bytes() - 1;
        operation.offset2_bytes = bytes() - 1;
        operation.length_bytes = bytes();
        break;
      case OpKind::kTruncate:
      case OpKind::kSleep:
        operation.length_bytes = random_.below(3'600'000);
        break;
      case OpKind::kCreate:
      case OpKind::kMkdir:
      case OpKind::kChmod:
        operation.mode = static_cast<std::uint32_t>(random_.below(07777));
        break;
      case OpKind::kRename:
        operation.rename = static_cast<RenameMode>(random_.below(3));
        break;
      case OpKind::kMknod:
        operation.node = static_cast<NodeKind>(random_.below(3));
        if (operation.node != NodeKind::kFifo) {
          operation.user = static_cast<std::uint32_t>(random_.below(4096));
          operation.group = static_cast<std::uint32_t>(random_.below(1 << 20));
        }
        break;
      case OpKind::kChown:
        operation.user = static_cast<std::uint32_t>(random_.next() >> 33);
        operation.group = static_cast<std::uint32_t>(random_.next() >> 33);
        break;
      default:
        break;
    }
  }

  void add_group(Workload& workload) {
    const std::size_t first = workload.operations.size();
    const std::uint64_t threads = 1 + random_.below(3);
    ++groups_;
    for (std::uint64_t thread = 1; thread <= threads; ++thread) {
      thread_prefix_ = "g" + std::to_string(groups_) + "-" + std::to_string(thread) + ".";
      for (std::uint64_t i = 0; i <= random_.below(4); ++i) {
        add_operation(workload, static_cast<std::uint32_t>(thread));
      }
    }
    workload.groups.push_back({first, workload.operations.size()});
  }

  void add(Workload& workload, std::uint32_t thread, Operation made) {
    made.thread = thread;
    workload.operations.push_back(std::move(made));
  }

  Operation about_submitted(OpKind kind, const std::string& name) {
    Operation made;
    made.kind = kind;
    made.text = name;
    return made;
  }

  // Two writes at once, through a handle of O_DIRECT, and what is said of them.
  void add_submitted(Workload& workload, std::uint32_t thread) {
    const std::string handle = thread_prefix_ + "d";
    auto found = opened_.find(handle);
    if (found == opened_.end()) {
      Operation open;
      open.kind = OpKind::kOpen;
      open.path = path();
      open.handle = handle;
      open.flags.direct = true;
      open.flags.dsync = random_.below(2) == 0;
      found = opened_.emplace(handle, open.flags).first;
      add(workload, thread, open);
    }
    for (const char* name : {"a", "b.1"}) {
      Operation submit = about_submitted(OpKind::kSubmit, name);
      submit.handle = handle;
      submit.offset_bytes = random_.below(1000) * 512;
      submit.length_bytes = (1 + random_.below(1000)) * 512;
      add(workload, thread, submit);
    }
    for (const char* name : {"b.1", "a"}) {
      if (random_.below(2) == 0) {
        add(workload, thread, about_submitted(OpKind::kAcknowledge, "a"));
      }
      Operation wait = about_submitted(OpKind::kWait, name);
      wait.flags = found->second;
      add(workload, thread, wait);
    }
  }

  // The operation, on a handle at times, which is opened before if need be.
  void add_operation(Workload& workload, std::uint32_t thread) {
    if (random_.below(20) == 0) {
      add_submitted(workload, thread);
      return;
    }
    Operation made = operation();
    made.thread = thread;
    const bool may_have_handle =
        spec_of(made.kind).fields.size() != 0 &&
        (std::string(spec_of(made.kind).fields[0]->name) == "FILE" ||
         std::string(spec_of(made.kind).fields[0]->name) == "FROM");
    if (may_have_handle && random_.below(2) == 0) {
      const std::string handle = thread_prefix_ + std::to_string(random_.below(3));
      auto found = opened_.find(handle);
      if (found == opened_.end()) {
        Operation open = operation_of(OpKind::kOpen);
        open.thread = thread;
        open.handle = handle;
        open.flags = random_flags();
        found = opened_.emplace(handle, open.flags).first;
        workload.operations.push_back(open);
      }
      made.path.clear();
      made.handle = handle;
      if (made.kind == OpKind::kWrite || made.kind == OpKind::kAppend) {
        made.flags = found->second;
      }
      if (random_.below(8) == 0) {
        made = Operation{};
        made.kind = OpKind::kClose;
        made.thread = thread;
        made.handle = handle;
        opened_.erase(found);
      }
    }
    workload.operations.push_back(made);
  }

  OpenFlags random_flags() {
    OpenFlags flags;
    flags.create = random_.below(2) == 0;
    flags.exclusive = flags.create && random_.below(2) == 0;
    flags.truncate = random_.below(2) == 0;
    flags.append = random_.below(2) == 0;
    flags.sync = random_.below(2) == 0;
    flags.dsync = random_.below(2) == 0;
    flags.direct = random_.below(2) == 0;
    return flags;
  }

  Random random_;
  std::map<std::string, OpenFlags> opened_;
  std::string thread_prefix_ = "m";
  std::uint64_t groups_ = 0;
};

}  // namespace powercut
