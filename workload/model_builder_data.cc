// SPDX-License-Identifier: GPL-2.0-only
//
// The operations that change what files hold.

#include "workload/model_builder.h"
#include "workload/workload_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace powercut {

namespace {

constexpr std::uint64_t kWholeFile = std::numeric_limits<std::uint64_t>::max();

}  // namespace

Status ModelBuilder::check_in_flight(InodeId id, std::uint64_t begin,
                                     std::uint64_t end) const {
  for (const std::size_t submit : model_.submits_) {
    const ModelTarget& write = model_.targets_[submit];
    if (!write.waited && write.inode == id && write.offset_bytes < end &&
        begin < write.offset_bytes + write.length_bytes) {
      return refuse(fmt::format("'{}' is still in flight there",
                                to_text(workload_.operations[submit])));
    }
  }
  return {};
}

Status ModelBuilder::use_submitted(const Operation& operation) {
  const auto found = submitted_.find(operation.text);
  if (found == submitted_.end()) {
    return refuse(fmt::format("no write {} was submitted", operation.text));
  }
  ModelTarget& write = model_.targets_[found->second];
  target().submitted = found->second;
  target().inode = write.inode;
  target().offset_bytes = write.offset_bytes;
  target().length_bytes = write.length_bytes;
  if (operation.kind == OpKind::kWait) {
    write.waited = at_;
  }
  return {};
}

Status ModelBuilder::write(const Operation& operation, std::uint64_t offset_bytes) {
  PC_ASSIGN_OR_RETURN(const InodeId id, file_of(operation.path, operation.handle));
  if (inode(id).type != InodeType::kFile) {
    return refuse("it is no regular file");
  }
  const std::uint64_t size = inode(id).size.latest().bytes;
  const std::uint64_t length = operation.length_bytes;
  if (operation.kind == OpKind::kMmapWrite && offset_bytes + length > size) {
    return refuse(fmt::format("a mapping ends with the file, at {}", size));
  }
  const bool grows = offset_bytes + length > size;
  if (grows && model_.raw_disk_) {
    return refuse(fmt::format("the disk ends at {}", size));
  }
  if (grows && operation.kind == OpKind::kOverwrite) {
    return refuse(fmt::format("the file ends at {}", size));
  }
  if (grows && operation.kind == OpKind::kSubmit) {
    return refuse(fmt::format(
        "the file ends at {}, and file systems wait for a write that makes it longer",
        size));
  }
  PC_RETURN_IF_ERROR(check_in_flight(id, offset_bytes, offset_bytes + length));
  ContentImage image = inode(id).content.latest();
  image.put(ContentPiece{offset_bytes, length, at_, offset_bytes, operation.fill,
                         operation.fill_byte});
  inode(id).content.set(step_, std::move(image));
  target().inode = id;
  target().offset_bytes = offset_bytes;
  target().length_bytes = length;
  if (operation.kind == OpKind::kSubmit) {
    submitted_[operation.text] = at_;
    model_.submits_.push_back(at_);
  }
  if (grows) {
    set_size(id, offset_bytes + length, true);
  }
  changed(id, grows);
  return {};
}

Status ModelBuilder::apply_data(const Operation& operation) {
  if (operation.kind == OpKind::kAllocate) {
    return allocate(operation);
  }
  if (operation.kind == OpKind::kClone || operation.kind == OpKind::kCloneRange) {
    return clone(operation);
  }
  if (operation.kind == OpKind::kRead) {
    return read(operation);
  }
  if (operation.kind == OpKind::kClaim) {
    return claim(operation);
  }
  PC_ASSIGN_OR_RETURN(const InodeId id, file_of(operation.path, operation.handle));
  target().inode = id;
  switch (operation.kind) {
    case OpKind::kWrite:
      return write(operation, operation.flags.append ? inode(id).size.latest().bytes
                                                     : operation.offset_bytes);
    case OpKind::kMmapWrite:
    case OpKind::kOverwrite:
    case OpKind::kSubmit:
      return write(operation, operation.offset_bytes);
    case OpKind::kAppend:
      return write(operation, inode(id).size.latest().bytes);
    case OpKind::kTruncate: {
      PC_RETURN_IF_ERROR(check_in_flight(id, 0, kWholeFile));
      const std::uint64_t size = operation.length_bytes;
      const std::uint64_t before = inode(id).size.latest().bytes;
      ContentImage image = inode(id).content.latest();
      image.cut(size);
      Reservation reserved;
      for (const auto& [begin, end] : inode(id).reserved.latest()) {
        if (begin < size) {
          reserved[begin] = std::min(end, size);
        }
      }
      inode(id).content.set(step_, std::move(image));
      inode(id).reserved.set(step_, std::move(reserved));
      set_size(id, size, false);
      if (size != before) {
        changed(id, true);
      }
      return {};
    }
    default:  // fsync, fdatasync, msync
      target().offset_bytes = operation.offset_bytes;
      target().length_bytes = operation.length_bytes;
      return {};
  }
}

Status ModelBuilder::allocate(const Operation& operation) {
  PC_ASSIGN_OR_RETURN(const InodeId id, file_of(operation.path, operation.handle));
  PC_RETURN_IF_ERROR(check_in_flight(id, 0, kWholeFile));
  const std::uint64_t begin = operation.offset_bytes;
  const std::uint64_t length = operation.length_bytes;
  const std::uint64_t size = inode(id).size.latest().bytes;
  ContentImage image = inode(id).content.latest();
  Reservation reserved = inode(id).reserved.latest();
  std::uint64_t new_size = size;
  switch (operation.allocate) {
    case AllocateMode::kAllocate:
    case AllocateMode::kZero:
      new_size = std::max(size, begin + length);
      [[fallthrough]];
    case AllocateMode::kKeepSize:
    case AllocateMode::kZeroKeep:
      if (operation.allocate == AllocateMode::kZero ||
          operation.allocate == AllocateMode::kZeroKeep) {
        image.clear(begin, length);
      }
      reserved[begin] = std::max(reserved[begin], begin + length);
      break;
    case AllocateMode::kUnshare:
      break;
    case AllocateMode::kPunch:
      image.clear(begin, length);
      reserved.clear();  // what is left of it is not kept account of
      break;
    case AllocateMode::kCollapse:
      if (begin + length >= size) {
        return refuse("the range that it takes out reaches the end of the file");
      }
      image.collapse(begin, length);
      reserved.clear();
      new_size = size - length;
      break;
    case AllocateMode::kInsert:
      if (begin >= size) {
        return refuse("it would insert at the end of the file");
      }
      image.insert(begin, length);
      reserved.clear();
      new_size = size + length;
      break;
  }
  // One that finds all as it should be commits nothing.
  const bool changes = new_size != size ||
                       image.pieces() != inode(id).content.latest().pieces() ||
                       reserved != inode(id).reserved.latest();
  inode(id).content.set(step_, std::move(image));
  inode(id).reserved.set(step_, std::move(reserved));
  // A large range is reserved piece by piece.
  set_size(id, new_size, new_size > size);
  if (changes) {
    changed(id, true);
  }
  target().inode = id;
  return {};
}

Status ModelBuilder::read(const Operation& operation) {
  PC_ASSIGN_OR_RETURN(const InodeId id,
                      file_of(operation.path, operation.handle, Use::kReads));
  if (inode(id).type != InodeType::kFile) {
    return refuse("it is no regular file");
  }
  const std::uint64_t size = inode(id).size.latest().bytes;
  const std::uint64_t end = operation.offset_bytes + operation.length_bytes;
  if (end > size) {
    return refuse(fmt::format("the file ends at {}", size));
  }
  PC_RETURN_IF_ERROR(check_in_flight(id, operation.offset_bytes, end));
  target().read = id;
  return {};
}

// What the program takes TO for is what TO holds from here on: where it does not, the
// program is wrong.
Status ModelBuilder::claim(const Operation& operation) {
  PC_ASSIGN_OR_RETURN(const InodeId from,
                      file_of(operation.path, operation.handle, Use::kReads));
  PC_ASSIGN_OR_RETURN(const InodeId to, file_of(operation.path2, operation.handle2));
  if (inode(from).type != InodeType::kFile || inode(to).type != InodeType::kFile) {
    return refuse("it is about regular files");
  }
  const auto mark = marks_.find(operation.text);
  if (mark == marks_.end()) {
    return refuse(fmt::format("there is no mark '{}' before", operation.text));
  }
  PC_RETURN_IF_ERROR(check_in_flight(to, 0, kWholeFile));
  const auto then = [&](Step step) { return step <= mark->second; };
  const auto* const image = inode(from).content.last(then);
  const auto* const size = inode(from).size.last(then);
  if (image == nullptr || size == nullptr) {
    return refuse(fmt::format("{} was not there at the mark '{}'", model_.path_of(from),
                              operation.text));
  }
  ContentImage claimed = inode(to).content.latest();
  claimed.clone(image->value, 0, size->value.bytes, 0);
  inode(to).content.set(step_, std::move(claimed));
  set_size(to, std::max(inode(to).size.latest().bytes, size->value.bytes), true);
  target().inode = to;
  target().claimed_bytes = size->value.bytes;
  return {};
}

Status ModelBuilder::clone(const Operation& operation) {
  PC_ASSIGN_OR_RETURN(const InodeId from,
                      file_of(operation.path, operation.handle, Use::kReads));
  PC_ASSIGN_OR_RETURN(const InodeId to, file_of(operation.path2, operation.handle2));
  PC_RETURN_IF_ERROR(check_in_flight(from, 0, kWholeFile));
  PC_RETURN_IF_ERROR(check_in_flight(to, 0, kWholeFile));
  const std::uint64_t source_size = inode(from).size.latest().bytes;
  const bool whole = operation.kind == OpKind::kClone;
  const std::uint64_t begin = whole ? 0 : operation.offset_bytes;
  if (begin > source_size) {
    return refuse("the range begins behind the end of the file");
  }
  const std::uint64_t length =
      whole || operation.length_bytes == 0 ? source_size - begin : operation.length_bytes;
  const std::uint64_t at = whole ? 0 : operation.offset2_bytes;
  ContentImage image = inode(to).content.latest();
  image.clone(inode(from).content.latest(), begin, length, at);
  inode(to).content.set(step_, std::move(image));
  // It goes on from extent to extent: any size between may be there after a crash.
  set_size(to, std::max(inode(to).size.latest().bytes, at + length), true);
  changed(to, true);
  target().inode = to;
  target().offset_bytes = at;
  target().length_bytes = length;
  return {};
}

}  // namespace powercut
