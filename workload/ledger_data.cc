// SPDX-License-Identifier: GPL-2.0-only
//
// What inodes are like and what files hold.

#include "workload/fill.h"
#include "workload/ledger_judge.h"
#include "workload/workload_text.h"

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>

namespace powercut {

namespace {

template <typename Map, typename Key>
Floor floor_of(const Map& floors, const Key& key) {
  const auto found = floors.find(key);
  return found == floors.end() ? Floor{} : found->second;
}

void raise(Floor& floor, const Floor& other) {
  if (!floor.acknowledgement || other.step > floor.step) {
    floor = other;
  }
}

bool all_zero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}

}  // namespace

bool LedgerJudge::came_by_replacing(const Candidate& candidate) const {
  if (!ledger_.promises_.replace_via_rename || candidate.bound_at == 0) {
    return false;
  }
  const ModelTarget& target = ledger_.model_.target(candidate.bound_at - 1);
  return target.moved_to && target.replaced && target.inode == candidate.inode;
}

Floor LedgerJudge::size_floor(const Candidate& candidate) const {
  Floor floor = floor_of(floors_.sizes, candidate.inode);
  if (came_by_replacing(candidate)) {
    raise(floor, Floor{candidate.bound_at, candidate.bound_at - 1, "replace-via-rename"});
  }
  return floor;
}

LedgerJudge::Lines LedgerJudge::misfits(const Candidate& candidate,
                                        const FileNode& node) const {
  Lines lines;
  check_attributes(candidate, node, lines);
  const ModelInode& inode = ledger_.model_.inodes()[candidate.inode];
  if (inode.type == InodeType::kSymlink && node.target != inode.target) {
    lines.push_back(fmt::format("{} points to '{}', and was made to point to '{}'",
                                escape_name(node.path), escape_name(node.target),
                                escape_name(inode.target)));
  }
  if (inode.type == InodeType::kOther && node.device != inode.device) {
    lines.push_back(fmt::format("{} is device {}:{}, and was made as {}:{}",
                                escape_name(node.path), node.device >> 32U,
                                node.device & 0xffffffffU, inode.device >> 32U,
                                inode.device & 0xffffffffU));
  }
  if (inode.type == InodeType::kFile) {
    check_size(candidate, node, lines);
    check_holes(candidate, node, lines);
  }
  return lines;
}

void LedgerJudge::check_attributes(const Candidate& candidate, const FileNode& node,
                                   Lines& lines) const {
  if (!ledger_.promises_.attributes) {
    return;
  }
  const ModelInode& inode = ledger_.model_.inodes()[candidate.inode];
  const Floor floor = floor_of(floors_.attributes, candidate.inode);
  const std::string path = escape_name(node.path);
  const auto modes = inode.mode.between(floor.step, begun_);
  if (inode.type != InodeType::kSymlink &&
      std::none_of(modes.begin(), modes.end(), [&](const auto* version) {
        return version->value == (node.mode & 07777U);
      })) {
    lines.push_back(fmt::format("{} has permissions {:04o}, not {:04o}{}", path,
                                node.mode & 07777U, modes.back()->value, because(floor)));
  }
  const auto owners = inode.owner.between(floor.step, begun_);
  if (std::none_of(owners.begin(), owners.end(), [&](const auto* version) {
        return version->value == ModelOwner{node.uid, node.gid};
      })) {
    lines.push_back(fmt::format("{} belongs to {}:{}, not {}:{}{}", path, node.uid,
                                node.gid, owners.back()->value.user,
                                owners.back()->value.group, because(floor)));
  }
  for (const auto& [name, history] : inode.attributes) {
    std::optional<std::string> value;
    for (const auto& [has, bytes] : node.attributes) {
      if (has == name) {
        value = bytes;
      }
    }
    const auto versions = history.between(floor.step, begun_);
    if (std::none_of(versions.begin(), versions.end(),
                     [&](const auto* version) { return version->value == value; })) {
      lines.push_back(fmt::format("{} has {} for its attribute {}{}", path,
                                  value ? "'" + escape_name(*value) + "'" : "nothing",
                                  escape_name(name), because(floor)));
    }
  }
  for (const auto& [name, value] : node.attributes) {
    if (name.starts_with("user.") && !inode.attributes.contains(name)) {
      lines.push_back(fmt::format("{} has an attribute {} that no operation set", path,
                                  escape_name(name)));
    }
  }
}

void LedgerJudge::check_size(const Candidate& candidate, const FileNode& node,
                             Lines& lines) const {
  const ModelInode& inode = ledger_.model_.inodes()[candidate.inode];
  const Floor floor = size_floor(candidate);
  const auto sizes = inode.size.between(floor.step, begun_);
  bool permitted = false;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const ModelSize& size = sizes[i]->value;
    permitted = permitted || node.size_bytes == size.bytes;
    if (i > 0 && size.grown) {
      permitted = permitted || (node.size_bytes > sizes[i - 1]->value.bytes &&
                                node.size_bytes < size.bytes);
    }
  }
  if (!permitted) {
    lines.push_back(fmt::format("{} has {} bytes, not {}{}", escape_name(node.path),
                                node.size_bytes, sizes.back()->value.bytes,
                                because(floor)));
  }
  const auto reach = floors_.reach.find(candidate.inode);
  for (const Floors::Reach& asked :
       reach == floors_.reach.end() ? std::vector<Floors::Reach>() : reach->second) {
    const auto since = inode.size.between(asked.floor.step, begun_);
    if (node.size_bytes < asked.end &&
        std::all_of(since.begin(), since.end(), [&](const auto* version) {
          return version->value.bytes >= asked.end;
        })) {
      lines.push_back(fmt::format("{} ends at {}, and not behind {}{}",
                                  escape_name(node.path), node.size_bytes, asked.end,
                                  because(asked.floor)));
    }
  }
  const Floor reserved = floor_of(floors_.reserved, candidate.inode);
  if (!reserved.acknowledgement) {
    return;
  }
  std::uint64_t least = std::uint64_t{0} - 1;
  for (const auto* version : inode.reserved.between(reserved.step, begun_)) {
    std::uint64_t sum = 0;
    std::uint64_t end = 0;
    for (const auto& [begin, last] : version->value) {
      sum += last > std::max(begin, end) ? last - std::max(begin, end) : 0;
      end = std::max(end, last);
    }
    least = std::min(least, sum);
  }
  if (node.allocated_bytes < least) {
    lines.push_back(fmt::format("{} has {} bytes of blocks, and {} were reserved{}",
                                escape_name(node.path), node.allocated_bytes, least,
                                because(reserved)));
  }
}

std::vector<RangeFloor> LedgerJudge::data_floors(const Candidate& candidate) const {
  std::vector<RangeFloor> ranges;
  const auto found = floors_.data.find(candidate.inode);
  if (found != floors_.data.end()) {
    ranges = found->second;
  }
  if (came_by_replacing(candidate)) {
    ranges.push_back(
        {0, std::uint64_t{0} - 1,
         Floor{candidate.bound_at, candidate.bound_at - 1, "replace-via-rename"}});
  }
  return ranges;
}

// Where a file has no blocks it reads as zeros: as if a probe had read them.
void LedgerJudge::check_holes(const Candidate& candidate, const FileNode& node,
                              Lines& lines) const {
  if (!base_.extents_known) {
    return;
  }
  constexpr std::uint64_t kPiece = 65536;
  std::uint64_t at = 0;
  const auto look = [&](std::uint64_t end) {
    const ModelInode& inode = ledger_.model_.inodes()[candidate.inode];
    while (at < end) {
      const std::uint64_t length = std::min(kPiece, end - at);
      const auto versions = inode.content.between(0, begun_);
      if (std::any_of(versions.begin(), versions.end(), [&](const auto* version) {
            return version->value.touches(at, length);
          })) {
        for (std::string& line : data_misfits(candidate, at, std::string(length, '\0'))) {
          lines.push_back(fmt::format("{} {}", escape_name(node.path), line));
        }
      }
      at += length;
    }
  };
  for (const FileExtent& extent : node.extents) {
    if (!extent.unwritten) {
      look(std::min(extent.offset_bytes, node.size_bytes));
      at = std::max(at, extent.offset_bytes + extent.length_bytes);
    }
  }
  look(node.size_bytes);
}

LedgerJudge::Lines LedgerJudge::data_misfits(const Candidate& candidate,
                                             std::uint64_t offset_bytes,
                                             std::string_view bytes) const {
  const ModelInode& inode = ledger_.model_.inodes()[candidate.inode];
  const std::vector<RangeFloor> floors = data_floors(candidate);
  const std::uint64_t end = offset_bytes + bytes.size();
  std::set<std::uint64_t> borders = {offset_bytes, end};
  const auto border = [&](std::uint64_t at) {
    if (at > offset_bytes && at < end) {
      borders.insert(at);
    }
  };
  for (std::uint64_t at = offset_bytes / kFillSectorBytes * kFillSectorBytes; at < end;
       at += kFillSectorBytes) {
    border(at);
  }
  for (const RangeFloor& range : floors) {
    border(range.begin);
    border(range.end);
  }

  struct Expected {
    Step step;
    std::string bytes;
  };

  std::vector<Expected> expected;
  for (const auto* version : inode.content.between(0, begun_)) {
    for (const ContentPiece& piece : version->value.pieces()) {
      border(piece.offset_bytes);
      border(piece.offset_bytes + piece.length_bytes);
    }
    std::string wanted(bytes.size(), '\0');
    version->value.read(offset_bytes, std::as_writable_bytes(std::span(wanted)));
    expected.push_back({version->step, std::move(wanted)});
  }
  Lines lines;
  for (auto at = borders.begin(); std::next(at) != borders.end(); ++at) {
    const std::uint64_t begin = *at;
    const std::uint64_t length = *std::next(at) - begin;
    const std::string_view got = bytes.substr(begin - offset_bytes, length);
    Floor floor;
    for (const RangeFloor& range : floors) {
      if (range.begin <= begin && begin < range.end) {
        raise(floor, range.floor);
      }
    }
    const auto part = [&](std::size_t version) {
      return std::string_view(expected[version].bytes)
          .substr(begin - offset_bytes, length);
    };
    bool permitted = false;
    bool changed = false;
    for (std::size_t i = 0; i < expected.size() && !permitted; ++i) {
      // The version that held at the floor, and all since.
      const bool since = i + 1 == expected.size() || expected[i + 1].step > floor.step;
      permitted = since && part(i) == got;
      changed =
          changed || (i > 0 && expected[i].step > floor.step && part(i) != part(i - 1));
    }
    permitted = permitted || (changed && !ledger_.promises_.no_stale_data);
    if (!permitted) {
      lines.push_back(describe(candidate, begin, got, floor));
      break;  // one of a unit is enough
    }
  }
  return lines;
}

// The operation that wrote what was there at a step.
std::string LedgerJudge::writer_at(const ModelInode& inode, std::uint64_t offset_bytes,
                                   Step step) const {
  const auto* version = inode.content.last([step](Step at) { return at <= step; });
  for (const ContentPiece& piece : version->value.pieces()) {
    if (piece.offset_bytes <= offset_bytes &&
        offset_bytes < piece.offset_bytes + piece.length_bytes) {
      return operation_text(piece.operation);
    }
  }
  return "the disk before";
}

std::string LedgerJudge::describe(const Candidate& candidate, std::uint64_t offset_bytes,
                                  std::string_view bytes, const Floor& floor) const {
  std::string what = fmt::format("{} bytes that no operation wrote", bytes.size());
  const auto span = std::as_bytes(std::span(bytes));
  const ModelInode& inode = ledger_.model_.inodes()[candidate.inode];
  std::string before(bytes.size(), '\0');
  inode.content.versions()[0].value.read(offset_bytes,
                                         std::as_writable_bytes(std::span(before)));
  if (ledger_.model_.is_raw_disk() && before == bytes) {
    what = "what was there before any write";
  } else if (all_zero(bytes)) {
    what = "zeros";
  } else if (const std::optional<std::uint64_t> poison =
                 span.size() >= kFillSectorBytes ? read_poison(span.first(512))
                                                 : std::nullopt) {
    what = fmt::format("a stale block (offset {} of the disk, never written)", *poison);
  } else if (const std::optional<FillStamp> stamp = span.size() >= kFillSectorBytes
                                                        ? read_fill(span.first(512))
                                                        : std::nullopt) {
    const bool known = stamp->operation < ledger_.workload_.operations.size();
    what = known ? "the data of " + operation_text(stamp->operation)
                 : "the data of another workload";
    if (stamp->offset_bytes != offset_bytes) {
      what += fmt::format(" at offset {}", stamp->offset_bytes);
    }
    if (known && ledger_.model_.target(stamp->operation).inode != candidate.inode) {
      what += ", another file's";
    }
  } else {
    for (const auto* version : inode.content.between(0, begun_)) {
      std::string old(bytes.size(), '\0');
      version->value.read(offset_bytes, std::as_writable_bytes(std::span(old)));
      if (old == bytes && version->step != 0) {
        what = "what was there after " + operation_text(version->step - 1);
      }
    }
  }
  if (ledger_.model_.is_raw_disk() && floor.acknowledgement) {
    return fmt::format("has {} at {}, and not the data of {}{}", what, offset_bytes,
                       writer_at(inode, offset_bytes, floor.step), because(floor));
  }
  return fmt::format("has {} at {}{}", what, offset_bytes,
                     floor.acknowledgement
                         ? fmt::format(", and what is newer was{}", because(floor))
                         : "");
}

std::vector<Finding> LedgerJudge::judge_data(const Observation& probe) {
  findings_.clear();
  const auto found = resolved_.find(probe.path);
  if (found == resolved_.end() || probe.error != 0) {
    return {};  // the name is a finding of the base, or the read one of the checker
  }
  Lines first;
  for (const Candidate& candidate : found->second) {
    Lines lines = data_misfits(candidate, probe.offset_bytes, probe.bytes);
    if (lines.empty()) {
      return {};
    }
    first = first.empty() ? std::move(lines) : std::move(first);
  }
  for (const std::string& line : first) {
    add(fmt::format("{} {}", escape_name(probe.path), line));
  }
  return findings_;
}

}  // namespace powercut
