// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/write_names.h"

#include "replay/signature.h"
#include "replay/state_view.h"
#include "scenarios/state_owners.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace powercut {

namespace {

constexpr std::size_t kMostNamed = 6;
constexpr char kJournal[] = "journal";

std::string joined(const std::vector<std::string>& words, const char* between) {
  const std::size_t shown = std::min(words.size(), kMostNamed);
  std::string text = fmt::format(
      "{}", fmt::join(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(shown),
                      between));
  return words.size() > shown
             ? text + fmt::format("{}and {} more", between, words.size() - shown)
             : text;
}

// What it is, without which one it is: "inode table" of "inode table of group 3", "file"
// of "file /a/b".
std::string owner_kind(const std::string& what) {
  std::size_t end = what.size();
  for (const char* name : {" /", " of group ", ": "}) {
    end = std::min(end, what.find(name));
  }
  return without_numbers(what.substr(0, end));
}

std::vector<std::byte> read_range(const BlockSource& source, std::uint64_t begin,
                                  std::uint64_t length) {
  std::vector<std::byte> bytes(length);
  source.read(begin, bytes);
  return bytes;
}

std::optional<Jbd2Form> find_journal(const BlockOwners& owners, const BlockSource& view) {
  for (const OwnedRange& owned : owners.owners_of({0, view.size_bytes()})) {
    if (owned.what == kJournal) {
      constexpr std::size_t kSuperblockBytes = 1024;
      return read_jbd2_form(read_range(view, owned.range.begin, kSuperblockBytes));
    }
  }
  return std::nullopt;
}

}  // namespace

WriteNames::WriteNames(CrashState state)
    : state_(std::move(state)), devices_(state_.space->recording().device_count()) {}

WriteNames::~WriteNames() = default;

Result<const WriteNames::OfDevice*> WriteNames::device(std::uint16_t index) {
  std::optional<OfDevice>& of = devices_[index];
  if (!of) {
    const StateView view(state_, index);
    OfDevice made;
    PC_ASSIGN_OR_RETURN(made.owners, owners_of_state(state_.space->recording(), view,
                                                     state_.space->cut(), index, notes_));
    made.journal = find_journal(*made.owners, view);
    of = std::move(made);
  }
  return &*of;
}

// Those whose place in the table has other bytes after the write than before.
std::string WriteNames::changed_inodes(const OfDevice& of, const Write& write,
                                       const ByteRange& range) const {
  const Recording& recording = state_.space->recording();
  const auto before = StateSpace::linear(
      std::shared_ptr<const Recording>(state_.space, &recording), write.submit);
  const StateView old(CrashState{before, {}}, write.device);
  std::vector<std::string> names;
  for (std::uint64_t at = range.begin; at < range.end;) {
    const std::optional<BlockOwners::InodePlace> place = of.owners->inode_at(at);
    if (!place || place->range.end <= at) {
      break;
    }
    const std::uint64_t end = std::min(range.end, place->range.end);
    const std::vector<std::byte> was = read_range(old, at, end - at);
    const std::span<const std::byte> is =
        recording.timeline().data(write, at - write.offset_bytes, end - at);
    if (!std::equal(was.begin(), was.end(), is.begin(), is.end())) {
      names.push_back(place->text);
    }
    at = end;
  }
  return names.empty() ? "as it was before" : joined(names, ", ");
}

// A block behind a descriptor is the copy that the descriptor's tag speaks of. The
// descriptor is at most as many blocks before it as it can have tags.
std::string WriteNames::logged_copy(const OfDevice& of, const Write& write,
                                    std::uint64_t at) const {
  constexpr std::uint64_t kMostBack = 1024;
  const Recording& recording = state_.space->recording();
  const std::uint64_t block = of.journal->block_bytes;
  const Cut cut = write.complete == kNever ? state_.space->cut() : write.complete + 1;
  const auto space =
      StateSpace::linear(std::shared_ptr<const Recording>(state_.space, &recording), cut);
  const StateView view(CrashState{space, {}}, write.device);
  for (std::uint64_t back = 1; back <= kMostBack && back * block <= at; ++back) {
    const std::optional<Jbd2Block> found =
        read_jbd2_block(read_range(view, at - back * block, block), *of.journal);
    if (!found) {
      continue;
    }
    if (found->kind != Jbd2Block::Kind::kDescriptor || found->blocks.size() < back) {
      break;
    }
    const std::uint64_t home = found->blocks[back - 1] * block;
    return fmt::format("copy of {} (transaction {})",
                       of.owners->owner_of({home, home + block}), found->transaction);
  }
  return "a logged block";
}

std::string WriteNames::journal_blocks(const OfDevice& of, const Write& write,
                                       const ByteRange& range) const {
  const std::uint64_t block = of.journal->block_bytes;
  // Of a part of a block all of it is needed to tell what it is.
  const std::uint64_t begin = std::max(range.begin / block * block, write.offset_bytes);
  const std::uint64_t end =
      std::min((range.end + block - 1) / block * block, write.end_bytes());
  std::vector<std::string> names;
  for (std::uint64_t at = begin; at + block <= end; at += block) {
    const std::optional<Jbd2Block> own = read_jbd2_block(
        state_.space->recording().timeline().data(write, at - write.offset_bytes, block),
        *of.journal);
    names.push_back(own ? own->text() : logged_copy(of, write, at));
  }
  return names.empty() ? "a part of a block" : joined(names, ", ");
}

std::string WriteNames::holds(const OfDevice& of, const Write& write,
                              const OwnedRange& owned) const {
  std::string name = owned.text();
  if (write.op != Op::kWrite) {
    return name;
  }
  if (of.owners->inode_at(owned.range.begin)) {
    return name + ": " + changed_inodes(of, write, owned.range);
  }
  return owned.what == kJournal && of.journal
             ? name + ": " + journal_blocks(of, write, owned.range)
             : name;
}

Result<WriteName> WriteNames::name(WriteIndex index,
                                   const std::vector<ByteRange>& parts) {
  const Write& write = state_.space->recording().timeline().write(index);
  PC_ASSIGN_OR_RETURN(const OfDevice* const of, device(write.device));
  const std::vector<ByteRange> all = {{write.offset_bytes, write.end_bytes()}};
  std::vector<std::string> names;
  std::set<std::string> kinds;
  for (const ByteRange& part : parts.empty() ? all : parts) {
    for (const OwnedRange& owned : of->owners->owners_of(part)) {
      names.push_back(holds(*of, write, owned));
      kinds.insert(owner_kind(owned.what));
    }
  }
  return WriteName{joined(names, "; "), {kinds.begin(), kinds.end()}};
}

}  // namespace powercut
