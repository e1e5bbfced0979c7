// SPDX-License-Identifier: GPL-2.0-only

#include "workload/dependencies.h"

#include "base/ensure.h"
#include "workload/name_model.h"

#include <algorithm>

namespace powercut {

namespace {

constexpr std::uint64_t kBlockBytes = 4096;
constexpr std::uint64_t kInitialBytes = 4 * kBlockBytes;
constexpr std::uint64_t kAppendedBytes = 2 * kBlockBytes;
constexpr std::uint64_t kOverlapBytes = 5000;     // at the begin
constexpr std::uint64_t kExtendBackBytes = 2000;  // before the end
constexpr std::uint64_t kTruncatedBytes = 2500;
constexpr const char* kAttribute = "user.u1";
constexpr const char* kValue = "val1";
constexpr const char* kHandle = "d";

using Kind = NameModel::Kind;

bool makes_its_name(CoreKind kind) {
  return kind == CoreKind::kCreate || kind == CoreKind::kMkdir ||
         kind == CoreKind::kSymlink;
}

bool is_of_directory(const CoreStep& step, const NameSet& names) {
  return !names.is_file(step.operation.name);
}

// Which names are there at the begin.
class InitialNames {
 public:
  InitialNames(const NameSet& names, std::span<const CoreStep> steps) : names_(names) {
    for (const CoreStep& step : steps) {
      const CoreOperation& operation = step.operation;
      decide(operation.name, !makes_its_name(operation.kind));
      if (operation.kind == CoreKind::kRemoveXattr) {
        // Only if this is the first step about it is the attribute there from the begin.
        with_attribute_ |= (there_ & ~touched_) & bit(operation.name);
      }
      if (operation.has_two_names()) {
        decide(operation.name2, operation.kind == CoreKind::kRenameOver);
      }
      touched_ |= bit(operation.name) | bit(operation.name2);
      if (is_of_directory(step, names)) {
        moved_ |= bit(operation.name) | bit(operation.name2);
      }
      if (step.persistence.kind == PersistKind::kFsync) {
        decide(step.persistence.name, false);
      }
    }
  }

  // In the order in which they were mentioned, directories before what is in them.
  const std::vector<NameIndex>& order() const { return order_; }

  bool has_attribute(NameIndex name) const { return (with_attribute_ & bit(name)) != 0; }

 private:
  static NameMask bit(NameIndex name) { return NameMask{1} << name; }

  void decide(NameIndex name, bool needed) {
    if (name == names_.root() || (decided_ & bit(name)) != 0) {
      return;
    }
    const NameIndex parent = names_.parent(name);
    decide(parent, true);
    decided_ |= bit(name);
    // What is made in a directory that an operation was about would go with it.
    const bool parent_there =
        parent == names_.root() || (there_ & ~moved_ & bit(parent)) != 0;
    if (needed && parent_there) {
      there_ |= bit(name);
      order_.push_back(name);
    }
  }

  const NameSet& names_;
  NameMask decided_ = 0;
  NameMask there_ = 0;
  NameMask moved_ = 0;    // directories
  NameMask touched_ = 0;  // by an operation so far
  NameMask with_attribute_ = 0;
  std::vector<NameIndex> order_;
};

class WorkloadMaker {
 public:
  explicit WorkloadMaker(const NameSet& names) : names_(names) {}

  void prepare(const InitialNames& initial) {
    for (NameIndex name : initial.order()) {
      need(name);
      if (initial.has_attribute(name)) {
        need_attribute(names_.path(name));
      }
    }
    if (!workload_.operations.empty()) {
      add(OpKind::kSync);
    }
    Operation mark;
    mark.kind = OpKind::kMark;
    mark.text = kPreparedMark;
    add(mark);
  }

  void do_step(const CoreStep& step) {
    do_operation(step.operation);
    switch (step.persistence.kind) {
      case PersistKind::kNone:
        break;
      case PersistKind::kSync:
        add(OpKind::kSync);
        break;
      case PersistKind::kFsync:
        need(step.persistence.name);
        add(OpKind::kFsync, names_.path(step.persistence.name));
        break;
      case PersistKind::kFdatasync:
        add(OpKind::kFdatasync, names_.path(step.persistence.name));
        break;
      case PersistKind::kMsync: {
        Operation msync = workload_.operations.back();
        PC_ENSURE(msync.kind == OpKind::kMmapWrite, "an msync behind an mmap-write");
        msync.kind = OpKind::kMsync;
        add(msync);
        break;
      }
    }
  }

  Workload take() { return std::move(workload_); }

 private:
  void add(const Operation& operation) {
    PC_ENSURE(model_.apply(operation), "a generated operation succeeds");
    workload_.operations.push_back(operation);
  }

  void add(OpKind kind, const std::string& path = "", std::uint64_t offset_bytes = 0,
           std::uint64_t length_bytes = 0) {
    Operation operation;
    operation.kind = kind;
    operation.path = path;
    operation.offset_bytes = offset_bytes;
    operation.length_bytes = length_bytes;
    add(operation);
  }

  void need(NameIndex name) {
    if (name != names_.root()) {
      names_.is_file(name) ? need_file(names_.path(name))
                           : need_directory(names_.path(name));
    }
  }

  void need_directory(const std::string& path) {
    if (path == "/" || model_.has(path, Kind::kDirectory)) {
      return;
    }
    need_directory(parent_path(path));
    add(OpKind::kMkdir, path);
  }

  void need_file(const std::string& path) {
    if (model_.has(path, Kind::kFile)) {
      return;
    }
    need_absent(path);
    add(OpKind::kCreate, path);
    add(OpKind::kWrite, path, 0, kInitialBytes);
  }

  void need_absent(const std::string& path) {
    need_directory(parent_path(path));
    if (model_.has(path, Kind::kDirectory)) {
      need_empty(path);
      add(OpKind::kRmdir, path);
    } else if (model_.find(path) != nullptr) {
      add(OpKind::kUnlink, path);
    }
  }

  void need_empty(const std::string& directory) {
    for (const std::string& child : model_.children(directory)) {
      need_absent(child);
    }
  }

  void need_attribute(const std::string& path) {
    if (model_.find(path)->attributes.count(kAttribute) == 0) {
      add_attribute(OpKind::kSetXattr, path);
    }
  }

  // So that there is something to overwrite.
  void need_content(const std::string& path) {
    if (model_.find(path)->size_bytes < kAppendedBytes) {
      add(OpKind::kWrite, path, 0, kInitialBytes);
    }
  }

  void do_operation(const CoreOperation& operation) {
    const std::string& path = names_.path(operation.name);
    makes_its_name(operation.kind) ? need_absent(path) : need(operation.name);
    switch (operation.kind) {
      case CoreKind::kCreate:
        return add(OpKind::kCreate, path);
      case CoreKind::kMkdir:
        return add(OpKind::kMkdir, path);
      case CoreKind::kSymlink:
        return add_symlink(operation);
      case CoreKind::kUnlink:
        return add(OpKind::kUnlink, path);
      case CoreKind::kRmdir:
        need_empty(path);
        return add(OpKind::kRmdir, path);
      case CoreKind::kSetXattr:
        return add_attribute(OpKind::kSetXattr, path);
      case CoreKind::kRemoveXattr:
        need_attribute(path);
        return add_attribute(OpKind::kRemoveXattr, path);
      case CoreKind::kLink:
      case CoreKind::kRename:
      case CoreKind::kRenameOver:
        return do_two_names(operation);
      case CoreKind::kAllocate:
      case CoreKind::kWrite:
      case CoreKind::kDirectWrite:
      case CoreKind::kMmapWrite:
      case CoreKind::kTruncate:
        return do_data(operation);
    }
  }

  void do_two_names(const CoreOperation& operation) {
    const std::string& path = names_.path(operation.name);
    const std::string& path2 = names_.path(operation.name2);
    if (operation.kind == CoreKind::kRenameOver) {
      need_file(path2);
    } else if (names_.is_file(operation.name)) {
      need_absent(path2);
    } else {
      need_directory(parent_path(path2));
      need_empty(path2);
    }
    Operation made;
    made.kind = operation.kind == CoreKind::kLink ? OpKind::kLink : OpKind::kRename;
    made.path = path;
    made.path2 = path2;
    add(made);
  }

  void do_data(const CoreOperation& operation) {
    const std::string& path = names_.path(operation.name);
    const bool appends = operation.range == CoreRange::kAppend;
    if (operation.kind == CoreKind::kTruncate || !appends) {
      need_content(path);
    }
    const std::uint64_t size = model_.find(path)->size_bytes;
    switch (operation.kind) {
      case CoreKind::kTruncate:
        return add(OpKind::kTruncate, path, 0, appends ? 0 : kTruncatedBytes);
      case CoreKind::kMmapWrite:
        if (appends) {
          add(OpKind::kTruncate, path, 0, size + kAppendedBytes);
        }
        return add(OpKind::kMmapWrite, path, appends ? size : 0, kAppendedBytes);
      case CoreKind::kDirectWrite:
        return add_direct(path, appends ? size : 0);
      case CoreKind::kWrite:
        if (appends) {
          return add(OpKind::kAppend, path, 0, kAppendedBytes);
        }
        break;
      default:
        break;
    }
    Operation made;
    made.kind = operation.kind == CoreKind::kWrite ? OpKind::kWrite : OpKind::kAllocate;
    made.path = path;
    made.allocate = static_cast<AllocateMode>(operation.mode);
    made.offset_bytes = appends                                 ? size
                        : operation.range == CoreRange::kExtend ? size - kExtendBackBytes
                                                                : 0;
    made.length_bytes = appends ? kAppendedBytes : kOverlapBytes;
    add(made);
  }

  void add_direct(const std::string& path, std::uint64_t offset_bytes) {
    Operation made;
    made.kind = OpKind::kOpen;
    made.handle = kHandle;
    made.path = path;
    made.flags.direct = true;
    add(made);
    made.kind = OpKind::kWrite;
    made.path.clear();
    made.offset_bytes = (offset_bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
    made.length_bytes = kAppendedBytes;
    add(made);
    Operation close;
    close.kind = OpKind::kClose;
    close.handle = kHandle;
    add(close);
  }

  void add_symlink(const CoreOperation& operation) {
    const std::string& sibling = names_.path(names_.sibling(operation.name));
    Operation made;
    made.kind = OpKind::kSymlink;
    made.path = names_.path(operation.name);
    made.text = sibling.substr(sibling.rfind('/') + 1);
    add(made);
  }

  void add_attribute(OpKind kind, const std::string& path) {
    Operation made;
    made.kind = kind;
    made.path = path;
    made.text = kAttribute;
    made.value = kind == OpKind::kSetXattr ? kValue : "";
    add(made);
  }

  const NameSet& names_;
  NameModel model_;
  Workload workload_;
};

}  // namespace

Workload build_workload(const NameSet& names, std::span<const CoreStep> steps) {
  WorkloadMaker maker(names);
  maker.prepare(InitialNames(names, steps));
  for (const CoreStep& step : steps) {
    maker.do_step(step);
  }
  return maker.take();
}

}  // namespace powercut
