// SPDX-License-Identifier: GPL-2.0-only

#include "workload/model_builder.h"

#include "workload/raw_disk.h"
#include "workload/workload_text.h"

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <limits>

namespace powercut {

namespace {

constexpr std::uint32_t kFileMode = 0644;
constexpr std::uint32_t kDirectoryMode = 0755;
constexpr std::uint32_t kPermissions = 07777;
constexpr std::uint64_t kWholeFile = std::numeric_limits<std::uint64_t>::max();

std::uint32_t format_of(NodeKind kind) {
  return kind == NodeKind::kFifo         ? S_IFIFO
         : kind == NodeKind::kCharDevice ? S_IFCHR
                                         : S_IFBLK;
}

}  // namespace

ModelBuilder::ModelBuilder(const Workload& workload,
                           std::shared_ptr<const BlockSource> disk)
    : workload_(workload) {
  ModelInode root;
  root.type = InodeType::kDirectory;
  model_.inodes_.push_back(std::move(root));
  model_.targets_.resize(workload.operations.size());
  if (disk) {
    make_disk(std::move(disk));
  }
}

void ModelBuilder::make_disk(std::shared_ptr<const BlockSource> before) {
  model_.raw_disk_ = true;
  ModelInode disk;
  disk.mode = StepHistory<std::uint32_t>(0, 0);
  disk.owner = StepHistory<ModelOwner>(0, {});
  disk.size = StepHistory<ModelSize>(0, {before->size_bytes(), false});
  disk.content = StepHistory<ContentImage>(0, ContentImage(std::move(before)));
  disk.reserved = StepHistory<Reservation>(0, {});
  model_.names_[{kRootInode, kRawDiskName}].set(
      0, static_cast<InodeId>(model_.inodes_.size()));
  model_.inodes_.push_back(std::move(disk));
}

Result<FileModel> ModelBuilder::build() {
  std::size_t group = 0;
  for (at_ = 0; at_ < workload_.operations.size(); ++at_) {
    step_ = static_cast<Step>(at_ + 1);
    while (group < workload_.groups.size() && at_ >= workload_.groups[group].last) {
      ++group;
    }
    if (workload_.operations[at_].thread == 0 ||
        (group < workload_.groups.size() && at_ == workload_.groups[group].first)) {
      inode_threads_.clear();
      name_threads_.clear();
      readers_.clear();
      changers_.clear();
    }
    PC_RETURN_IF_ERROR(apply(workload_.operations[at_]));
  }
  return std::move(model_);
}

Status ModelBuilder::refuse(std::string why) const {
  const Operation& operation = workload_.operations[at_];
  return fail(
      ErrorKind::kUsage,
      fmt::format("{}'{}' cannot be done: {}",
                  operation.line == 0 ? "" : fmt::format("line {}: ", operation.line),
                  to_text(operation), why),
      "every operation of a workload must succeed");
}

Status ModelBuilder::touch(InodeId id, Use use) {
  const Operation& operation = workload_.operations[at_];
  if (operation.thread == 0) {
    return {};
  }
  const auto others = [&](const std::map<InodeId, std::set<std::uint32_t>>& threads) {
    const auto found = threads.find(id);
    return found != threads.end() &&
           (found->second.size() > 1 || !found->second.contains(operation.thread));
  };
  const bool reads = use == Use::kReads;
  const bool changes =
      !reads && (operation.kind != OpKind::kOpen || operation.flags.truncate) &&
      operation.kind != OpKind::kFsync && operation.kind != OpKind::kFdatasync;
  if ((reads && others(changers_)) || (changes && others(readers_))) {
    return refuse(fmt::format("another thread that runs at the same time {} {}",
                              reads ? "changes" : "reads", model_.path_of(id)));
  }
  if (reads) {
    readers_[id].insert(operation.thread);
    return {};
  }
  if (changes) {
    changers_[id].insert(operation.thread);
  }
  const bool alone =
      inode_threads_.try_emplace(id, operation.thread).first->second == operation.thread;
  switch (operation.kind) {
    case OpKind::kOpen:
    case OpKind::kFsync:
    case OpKind::kFdatasync:
      return {};
    case OpKind::kWrite:
    case OpKind::kSubmit:
      return alone ? Status() : share(id, operation);
    default:
      return alone ? Status()
                   : refuse("another thread that runs at the same time uses " +
                            model_.path_of(id));
  }
}

// Threads may write to one file as long as it is told who wrote what.
Status ModelBuilder::share(InodeId id, const Operation& operation) {
  const std::uint64_t end = operation.offset_bytes + operation.length_bytes;
  if (operation.flags.append || end > inode(id).size.latest().bytes) {
    return refuse("threads that share " + model_.path_of(id) + " must not make it grow");
  }
  for (std::size_t i = at_; i-- > 0 && workload_.operations[i].thread != 0;) {
    const ModelTarget& other = model_.targets_[i];
    if (workload_.operations[i].thread != operation.thread && other.inode == id &&
        other.offset_bytes < end &&
        operation.offset_bytes < other.offset_bytes + other.length_bytes) {
      return refuse("another thread that runs at the same time writes there too");
    }
  }
  return {};
}

void ModelBuilder::changed(InodeId id, bool data) {
  inode(id).changes.push_back(step_);
  if (data) {
    inode(id).data_changes.push_back(step_);
  }
}

InodeId ModelBuilder::make(InodeType type, std::uint32_t mode) {
  const auto id = static_cast<InodeId>(model_.inodes_.size());
  ModelInode made;
  made.type = type;
  made.born = step_;
  made.mode = StepHistory<std::uint32_t>(step_, mode & kPermissions);
  made.owner = StepHistory<ModelOwner>(step_, {});
  made.size = StepHistory<ModelSize>(step_, {});
  made.content = StepHistory<ContentImage>(step_, {});
  made.reserved = StepHistory<Reservation>(step_, {});
  model_.inodes_.push_back(std::move(made));
  changed(id, true);
  target().made = id;
  return id;
}

std::optional<InodeId> ModelBuilder::bound(const ModelName& name) const {
  const auto found = model_.names_.find(name);
  return found == model_.names_.end() ? std::nullopt : found->second.latest();
}

void ModelBuilder::bind(const ModelName& name, std::optional<InodeId> inode) {
  const auto [entry, is_new] = model_.names_.try_emplace(name);
  if (is_new) {
    entry->second.set(0, std::nullopt);
  }
  entry->second.set(step_, inode);
  target().names.push_back(name);
  changed(name.first, true);
}

void ModelBuilder::set_size(InodeId id, std::uint64_t bytes, bool grown) {
  if (inode(id).size.latest().bytes != bytes) {
    inode(id).size.set(step_, ModelSize{bytes, grown});
  }
}

Result<InodeId> ModelBuilder::directory_of(const std::string& path, std::string& name) {
  InodeId directory = kRootInode;
  std::size_t at = 0;
  while (true) {
    const std::size_t slash = path.find('/', at);
    name = path.substr(at, slash == std::string::npos ? slash : slash - at);
    if (slash == std::string::npos) {
      return directory;
    }
    const std::optional<InodeId> next = bound({directory, name});
    if (!next || inode(*next).type != InodeType::kDirectory) {
      return fail(
          refuse(fmt::format("there is no directory {}", path.substr(0, slash))).error());
    }
    directory = *next;
    at = slash + 1;
  }
}

Result<InodeId> ModelBuilder::find(const std::string& path, Use use) {
  if (path == "/") {
    return kRootInode;
  }
  std::string name;
  PC_ASSIGN_OR_RETURN(const InodeId directory, directory_of(path, name));
  const std::optional<InodeId> found = bound({directory, name});
  if (!found) {
    return fail(refuse("there is no " + path).error());
  }
  PC_RETURN_IF_ERROR(touch(*found, use));
  return *found;
}

Result<InodeId> ModelBuilder::file_of(const std::string& path, const std::string& handle,
                                      Use use) {
  if (handle.empty()) {
    return find(path, use);
  }
  const auto open = handles_.find(handle);
  if (open == handles_.end()) {
    return fail(refuse(fmt::format("@{} is not open", handle)).error());
  }
  PC_RETURN_IF_ERROR(touch(open->second, use));
  return open->second;
}

Result<ModelName> ModelBuilder::free_name(const std::string& path) {
  std::string name;
  PC_ASSIGN_OR_RETURN(const InodeId directory, directory_of(path, name));
  if (path == "/" || bound({directory, name})) {
    return fail(refuse(path + " is there already").error());
  }
  return ModelName(directory, name);
}

Status ModelBuilder::apply(const Operation& operation) {
  switch (operation.kind) {
    case OpKind::kCreate:
    case OpKind::kMkdir:
    case OpKind::kRmdir:
    case OpKind::kLink:
    case OpKind::kSymlink:
    case OpKind::kRename:
    case OpKind::kUnlink:
    case OpKind::kMknod:
    case OpKind::kOpen:
      return apply_name(operation);
    case OpKind::kChmod:
    case OpKind::kChown:
    case OpKind::kSetXattr:
    case OpKind::kRemoveXattr:
      return apply_attribute(operation);
    case OpKind::kClose:
      handles_.erase(operation.handle);
      return {};
    case OpKind::kSync:
    case OpKind::kSyncfs:
    case OpKind::kDropCaches:
    case OpKind::kSleep:
      return {};
    case OpKind::kMark:
      marks_[operation.text] = step_;
      return {};
    case OpKind::kWait:
    case OpKind::kAcknowledge:
      return use_submitted(operation);
    default:
      return apply_data(operation);
  }
}

Status ModelBuilder::apply_name(const Operation& operation) {
  const auto made = [&](InodeType type, std::uint32_t usual) -> Status {
    PC_ASSIGN_OR_RETURN(const ModelName name, free_name(operation.path));
    const InodeId id = make(type, operation.mode != 0 ? operation.mode : usual);
    bind(name, id);
    return {};
  };
  switch (operation.kind) {
    case OpKind::kCreate:
      return made(InodeType::kFile, kFileMode);
    case OpKind::kMkdir:
      return made(InodeType::kDirectory, kDirectoryMode);
    case OpKind::kMknod:
      PC_RETURN_IF_ERROR(made(InodeType::kOther, kFileMode));
      model_.inodes_.back().format = format_of(operation.node);
      if (operation.node != NodeKind::kFifo) {
        model_.inodes_.back().device =
            std::uint64_t{operation.user} << 32U | operation.group;
      }
      return {};
    case OpKind::kSymlink:
      PC_RETURN_IF_ERROR(made(InodeType::kSymlink, kPermissions));
      model_.inodes_.back().target = operation.text;
      return {};
    case OpKind::kLink: {
      PC_ASSIGN_OR_RETURN(const InodeId old, find(operation.path));
      PC_ASSIGN_OR_RETURN(const ModelName name, free_name(operation.path2));
      if (inode(old).type == InodeType::kDirectory) {
        return refuse("a directory has one name");
      }
      bind(name, old);
      changed(old, false);
      target().inode = old;
      return {};
    }
    case OpKind::kRename:
      return rename(operation);
    case OpKind::kOpen:
      return open(operation);
    default:
      return unlink(operation, operation.kind == OpKind::kRmdir);
  }
}

Status ModelBuilder::unlink(const Operation& operation, bool directory) {
  std::string name;
  PC_ASSIGN_OR_RETURN(const InodeId parent, directory_of(operation.path, name));
  PC_ASSIGN_OR_RETURN(const InodeId gone, find(operation.path));
  if (gone == kRootInode || (inode(gone).type == InodeType::kDirectory) != directory) {
    return refuse(directory ? "it is no directory" : "it is a directory");
  }
  if (directory) {
    for (const auto& [entry, history] : model_.names_) {
      if (entry.first == gone && history.latest()) {
        return refuse("it is not empty");
      }
    }
  }
  bind({parent, name}, std::nullopt);
  changed(gone, false);
  target().inode = gone;
  return {};
}

Status ModelBuilder::rename(const Operation& operation) {
  ModelName from;
  ModelName to;
  PC_ASSIGN_OR_RETURN(from.first, directory_of(operation.path, from.second));
  PC_ASSIGN_OR_RETURN(to.first, directory_of(operation.path2, to.second));
  PC_ASSIGN_OR_RETURN(const InodeId moved, find(operation.path));
  const std::optional<InodeId> there = bound(to);
  if (operation.rename == RenameMode::kNoReplace && there) {
    return refuse(operation.path2 + " is there already");
  }
  if (operation.rename == RenameMode::kExchange && !there) {
    return refuse("there is no " + operation.path2);
  }
  target().inode = moved;
  if (there == moved) {
    return {};  // two names of one file: nothing happens
  }
  if (there && operation.rename == RenameMode::kReplace) {
    // What is promised of it then must be told.
    PC_RETURN_IF_ERROR(check_in_flight(moved, 0, kWholeFile));
    const bool directory = inode(moved).type == InodeType::kDirectory;
    if (directory != (inode(*there).type == InodeType::kDirectory)) {
      return refuse("one is a directory and the other is not");
    }
    PC_RETURN_IF_ERROR(touch(*there, Use::kAsOperation));
  }
  if (there) {
    changed(*there, false);
  }
  changed(moved, false);
  bind(from, operation.rename == RenameMode::kExchange ? there : std::nullopt);
  bind(to, moved);
  target().moved_from = from;
  target().moved_to = to;
  if (operation.rename == RenameMode::kExchange) {
    target().exchanged = there;
  } else {
    target().replaced = there.has_value();
  }
  return {};
}

Status ModelBuilder::open(const Operation& operation) {
  const OpenFlags& flags = operation.flags;
  if (flags.tmpfile) {
    PC_RETURN_IF_ERROR(find(operation.path));
    handles_[operation.handle] =
        make(InodeType::kFile, operation.mode != 0 ? operation.mode : kFileMode);
    return {};
  }
  std::string name;
  if (operation.path != "/") {
    PC_ASSIGN_OR_RETURN(const InodeId directory, directory_of(operation.path, name));
    if (flags.create && !bound({directory, name})) {
      const InodeId made =
          make(InodeType::kFile, operation.mode != 0 ? operation.mode : kFileMode);
      bind({directory, name}, made);
      handles_[operation.handle] = made;
      return {};
    }
  }
  PC_ASSIGN_OR_RETURN(const InodeId opened, find(operation.path));
  if (flags.create && flags.exclusive) {
    return refuse(operation.path + " is there already");
  }
  handles_[operation.handle] = opened;
  if (flags.truncate && inode(opened).size.latest().bytes != 0) {
    PC_RETURN_IF_ERROR(check_in_flight(opened, 0, kWholeFile));
    set_size(opened, 0, false);
    inode(opened).content.set(step_, {});
    inode(opened).reserved.set(step_, {});
    changed(opened, true);
    target().inode = opened;
  }
  return {};
}

Status ModelBuilder::apply_attribute(const Operation& operation) {
  PC_ASSIGN_OR_RETURN(const InodeId id, file_of(operation.path, operation.handle));
  target().inode = id;
  switch (operation.kind) {
    case OpKind::kChmod:
      inode(id).mode.set(step_, operation.mode & kPermissions);
      break;
    case OpKind::kChown:
      inode(id).owner.set(step_, ModelOwner{operation.user, operation.group});
      break;
    default: {
      StepHistory<std::optional<std::string>>& value =
          inode(id).attributes[operation.text];
      if (value.empty()) {
        value.set(0, std::nullopt);
      }
      if (operation.kind == OpKind::kSetXattr) {
        if (value.latest() == operation.value) {
          return {};  // nothing changes, and nothing is to be committed
        }
        value.set(step_, operation.value);
      } else if (!value.latest()) {
        return refuse("it has no attribute " + operation.text);
      } else {
        value.set(step_, std::nullopt);
      }
    }
  }
  changed(id, false);
  return {};
}

}  // namespace powercut
