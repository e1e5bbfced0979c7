// SPDX-License-Identifier: GPL-2.0-only

#include "workload/name_model.h"

#include <algorithm>

namespace powercut {

namespace {

constexpr std::uint64_t kDirectBytes = 4096;

bool is_within(const std::string& path, const std::string& directory) {
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

bool is_user_attribute(const std::string& name) {
  return name.starts_with("user.");
}

}  // namespace

std::string parent_path(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

const NameModel::Node* NameModel::find(const std::string& path) const {
  auto found = names_.find(path);
  return found == names_.end() ? nullptr : &nodes_[found->second.node];
}

const NameModel::Node* NameModel::find_handle(const std::string& handle) const {
  auto found = handles_.find(handle);
  return found == handles_.end() ? nullptr : &nodes_[found->second.node];
}

bool NameModel::has(const std::string& path, Kind kind) const {
  const Node* node = find(path);
  return node != nullptr && node->kind == kind;
}

std::vector<std::string> NameModel::children(const std::string& directory) const {
  std::map<std::size_t, std::string> in_order;
  for (const auto& [path, entry] : names_) {
    if (path != "/" && parent_path(path) == directory) {
      in_order[entry.made] = path;
    }
  }
  std::vector<std::string> result;
  result.reserve(in_order.size());
  for (const auto& [made, path] : in_order) {
    result.push_back(path);
  }
  return result;
}

std::optional<std::size_t> NameModel::node_of(const Operation& operation) const {
  if (!operation.handle.empty()) {
    auto handle = handles_.find(operation.handle);
    return handle == handles_.end() ? std::nullopt : std::optional(handle->second.node);
  }
  auto found = names_.find(operation.path);
  return found == names_.end() ? std::nullopt : std::optional(found->second.node);
}

bool NameModel::can_be_made(const std::string& path) const {
  return find(path) == nullptr && has(parent_path(path), Kind::kDirectory);
}

bool NameModel::make(const std::string& path, Kind kind) {
  if (!can_be_made(path)) {
    return false;
  }
  names_[path] = {nodes_.size(), ++names_made_};
  nodes_.push_back(Node{kind, 0, {}});
  return true;
}

bool NameModel::remove(const std::string& path, bool directory) {
  const Node* node = find(path);
  if (path == "/" || node == nullptr || (node->kind == Kind::kDirectory) != directory ||
      !children(path).empty()) {
    return false;
  }
  names_.erase(path);
  return true;
}

bool NameModel::link(const Operation& operation) {
  const Node* old = find(operation.path);
  if (old == nullptr || old->kind == Kind::kDirectory || !can_be_made(operation.path2)) {
    return false;
  }
  names_[operation.path2] = {names_[operation.path].node, ++names_made_};
  return true;
}

// All names at and below `from`.
void NameModel::move(const std::string& from, const std::string& to) {
  std::vector<std::pair<std::string, Entry>> moved;
  for (auto each = names_.begin(); each != names_.end();) {
    if (each->first == from || is_within(each->first, from)) {
      moved.emplace_back(to + each->first.substr(from.size()), each->second);
      each = names_.erase(each);
    } else {
      ++each;
    }
  }
  names_.insert(moved.begin(), moved.end());
}

bool NameModel::exchange(const std::string& one, const std::string& other) {
  if (find(other) == nullptr || is_within(one, other)) {
    return false;
  }
  // No name of a workload has a zero byte.
  const std::string aside("\0", 1);
  move(one, aside);
  move(other, one);
  move(aside, other);
  return true;
}

bool NameModel::rename(const Operation& operation) {
  const std::string& from = operation.path;
  const std::string& to = operation.path2;
  const Node* old = find(from);
  if (from == "/" || to == "/" || old == nullptr || is_within(to, from) ||
      !has(parent_path(to), Kind::kDirectory)) {
    return false;
  }
  if (operation.rename == RenameMode::kExchange) {
    return from == to || exchange(from, to);
  }
  const Node* there = find(to);
  if (there != nullptr) {
    if (operation.rename == RenameMode::kNoReplace) {
      return false;
    }
    if (there == old) {  // two names of one file: both stay
      return true;
    }
    const bool directory = old->kind == Kind::kDirectory;
    if (directory != (there->kind == Kind::kDirectory) || !children(to).empty()) {
      return false;
    }
    names_.erase(to);
  }
  move(from, to);
  return true;
}

bool NameModel::open(const Operation& operation) {
  const OpenFlags& flags = operation.flags;
  if (handles_.count(operation.handle) != 0) {
    return false;
  }
  if (flags.tmpfile) {
    if (!has(operation.path, Kind::kDirectory)) {
      return false;
    }
    handles_[operation.handle] = {nodes_.size(), flags};
    nodes_.emplace_back();
    return true;
  }
  const Node* there = find(operation.path);
  if (there == nullptr && !(flags.create && make(operation.path, Kind::kFile))) {
    return false;
  }
  if (there != nullptr &&
      ((flags.create && flags.exclusive) ||
       there->kind != (flags.directory ? Kind::kDirectory : Kind::kFile))) {
    return false;
  }
  const std::size_t node = names_[operation.path].node;
  if (flags.truncate) {
    nodes_[node].size_bytes = 0;
  }
  handles_[operation.handle] = {node, flags};
  return true;
}

bool NameModel::write(const Operation& operation) {
  const std::optional<std::size_t> found = node_of(operation);
  if (!found || nodes_[*found].kind != Kind::kFile) {
    return false;
  }
  Node& node = nodes_[*found];
  const OpenFlags flags =
      operation.handle.empty() ? OpenFlags{} : handles_[operation.handle].flags;
  const bool appends = operation.kind == OpKind::kAppend || flags.append;
  const std::uint64_t begin = appends ? node.size_bytes : operation.offset_bytes;
  const std::uint64_t end = begin + operation.length_bytes;
  if (flags.read_only || (flags.direct && (begin % kDirectBytes != 0 ||
                                           operation.length_bytes % kDirectBytes != 0))) {
    return false;
  }
  if (operation.kind == OpKind::kMmapWrite) {
    if (end > node.size_bytes) {
      return false;
    }
    last_mapped_ = operation;
    return true;
  }
  node.size_bytes = std::max(node.size_bytes, end);
  return true;
}

// An msync() of what the operation before mapped.
bool NameModel::is_mapped(const Operation& operation) const {
  return node_of(operation).has_value() && last_mapped_.path == operation.path &&
         last_mapped_.handle == operation.handle &&
         last_mapped_.offset_bytes <= operation.offset_bytes &&
         operation.offset_bytes + operation.length_bytes <=
             last_mapped_.offset_bytes + last_mapped_.length_bytes;
}

bool NameModel::change_file(const Operation& operation) {
  const std::optional<std::size_t> found = node_of(operation);
  if (!found || nodes_[*found].kind != Kind::kFile) {
    return false;
  }
  std::uint64_t& size_bytes = nodes_[*found].size_bytes;
  if (operation.kind == OpKind::kTruncate) {
    size_bytes = operation.length_bytes;
    return true;
  }
  switch (operation.allocate) {
    case AllocateMode::kAllocate:
    case AllocateMode::kZero:
      size_bytes = std::max(size_bytes, operation.offset_bytes + operation.length_bytes);
      return true;
    case AllocateMode::kKeepSize:
    case AllocateMode::kPunch:
    case AllocateMode::kZeroKeep:
      return true;
    default:
      return false;
  }
}

bool NameModel::change_attributes(const Operation& operation) {
  const std::optional<std::size_t> found = node_of(operation);
  if (!found) {
    return false;
  }
  Node& node = nodes_[*found];
  if (operation.kind == OpKind::kChown) {
    return true;
  }
  if (node.kind == Kind::kSymlink) {
    return false;
  }
  if (operation.kind == OpKind::kChmod) {
    return true;
  }
  if (node.kind == Kind::kFifo || !is_user_attribute(operation.text)) {
    return false;
  }
  if (operation.kind == OpKind::kSetXattr) {
    node.attributes.insert(operation.text);
    return true;
  }
  return node.attributes.erase(operation.text) == 1;
}

bool NameModel::apply(const Operation& operation) {
  if (operation.kind != OpKind::kMmapWrite && operation.kind != OpKind::kMsync) {
    last_mapped_ = Operation{};
  }
  switch (operation.kind) {
    case OpKind::kCreate:
      return make(operation.path, Kind::kFile);
    case OpKind::kMkdir:
      return make(operation.path, Kind::kDirectory);
    case OpKind::kSymlink:
      return make(operation.path, Kind::kSymlink);
    case OpKind::kMknod:
      return operation.node == NodeKind::kFifo && make(operation.path, Kind::kFifo);
    case OpKind::kRmdir:
      return remove(operation.path, true);
    case OpKind::kUnlink:
      return remove(operation.path, false);
    case OpKind::kLink:
      return link(operation);
    case OpKind::kRename:
      return rename(operation);
    case OpKind::kOpen:
      return open(operation);
    case OpKind::kClose:
      return handles_.erase(operation.handle) == 1;
    case OpKind::kWrite:
    case OpKind::kAppend:
    case OpKind::kMmapWrite:
      return write(operation);
    case OpKind::kTruncate:
    case OpKind::kAllocate:
      return change_file(operation);
    case OpKind::kChmod:
    case OpKind::kChown:
    case OpKind::kSetXattr:
    case OpKind::kRemoveXattr:
      return change_attributes(operation);
    case OpKind::kMsync:
      return is_mapped(operation);
    case OpKind::kFsync:
    case OpKind::kFdatasync: {
      const std::optional<std::size_t> found = node_of(operation);
      return found && (nodes_[*found].kind == Kind::kFile ||
                       nodes_[*found].kind == Kind::kDirectory);
    }
    case OpKind::kSync:
    case OpKind::kSyncfs:
    case OpKind::kMark:
    case OpKind::kSleep:
    case OpKind::kDropCaches:
      return true;
    // Not generated.
    case OpKind::kClone:
    case OpKind::kCloneRange:
    case OpKind::kRead:
    case OpKind::kOverwrite:
    case OpKind::kClaim:
    case OpKind::kSubmit:
    case OpKind::kWait:
    case OpKind::kAcknowledge:
      return false;
  }
  return false;
}

}  // namespace powercut
