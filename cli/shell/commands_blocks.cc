// SPDX-License-Identifier: GPL-2.0-only
//
// Commands about blocks: whose they are, what was written to them, where states differ.

#include "base/signals.h"
#include "base/units.h"
#include "cli/shell/file_difference.h"
#include "cli/shell/shell.h"
#include "cli/shell/text.h"
#include "replay/block_history.h"
#include "replay/state_difference.h"
#include "replay/state_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace powercut {

namespace {

struct Block {
  std::uint16_t device = 0;
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;
};

// "37": in blocks of `unit`; "@151552": the one around that byte.
Block block_from(const Shell& shell, const std::string& word, std::uint64_t unit,
                 std::uint16_t device) {
  const bool in_bytes = word.starts_with("@");
  const std::uint64_t number =
      value_or_throw(parse_bytes(in_bytes ? word.substr(1) : word));
  const std::uint64_t size = shell.session.recording()->size_bytes(device);
  const std::uint64_t most = size / unit + (size % unit != 0 ? 1 : 0);
  const std::uint64_t block = in_bytes ? number / unit : number;
  if (block >= most) {
    shell_usage(fmt::format("{} is behind the end of device {}", printable(word), device),
                fmt::format("it has {} bytes: {} blocks of {}", size, most, unit));
  }
  return {device, block * unit, unit};
}

std::string owner_of(Shell& shell, const Block& block) {
  std::string note;
  const std::shared_ptr<const BlockOwners> owners = shell.disks.owners(
      shell.session.recording(), shell.session.cut(), block.device, note);
  std::string text =
      owners->owner_of({block.offset_bytes, block.offset_bytes + block.length_bytes});
  return note.empty() ? text : fmt::format("{} ({})", text, note);
}

void owner(Shell& shell, Words words) {
  constexpr std::uint64_t kSector = 512;
  const std::uint16_t device = take_device(shell.session, words);
  expect_words(words, 1, 1, "owner");
  const Block block = block_from(shell, words[0], kSector, device);
  fmt::print("{} (device {}, bytes {} to {})\n", owner_of(shell, block), device,
             block.offset_bytes, block.offset_bytes + block.length_bytes);
}

Block named_block(Shell& shell, Words words, const char* command) {
  if (!words.empty() && words[0] == "of") {
    words.erase(words.begin());  // history of block 37; what is behind it may be "of 1"
  }
  const std::uint16_t device = take_device(shell.session, words);
  if (!words.empty() && words[0] == "block") {
    words.erase(words.begin());
  }
  expect_words(words, 1, 1, command);
  return block_from(shell, words[0], shell.block_bytes, device);
}

std::string became(const ShellSession& session, WriteIndex index) {
  if (session.timeline().write(index).submit >= session.cut()) {
    return "later";
  }
  const std::vector<WriteIndex>& pending = session.pending();
  if (std::binary_search(pending.begin(), pending.end(), index)) {
    return "pending";
  }
  return session.durability().ignored(index) ? "no effect" : "durable";
}

void print_write(const ShellSession& session, const BlockWrite& one,
                 const std::string& tail) {
  const Timeline& timeline = session.timeline();
  const Write& write = timeline.write(one.write);
  fmt::print("{:>8} {:>12} {:<10} {:>12} {:>8} {:<9}{}\n",
             number_text(timeline, one.write), time_text(session, write.submit),
             kind_text(write), write.offset_bytes, write.length_bytes,
             became(session, one.write), tail);
}

std::vector<BlockWrite> writes_of(const Shell& shell, const Block& block) {
  std::vector<BlockWrite> all = writes_over(*shell.session.recording(), block.device,
                                            block.offset_bytes, block.length_bytes);
  if (all.empty()) {
    fmt::print("no write of this log covers it\n");
  }
  return all;
}

// Of a long list the part around here.
std::span<const BlockWrite> around_here(const ShellSession& session,
                                        const std::vector<BlockWrite>& all,
                                        std::size_t most) {
  const auto here =
      std::partition_point(all.begin(), all.end(), [&](const BlockWrite& one) {
        return session.timeline().write(one.write).submit < session.cut();
      });
  const std::size_t count = std::min(most, all.size());
  const std::size_t before = static_cast<std::size_t>(here - all.begin());
  const std::size_t first =
      std::min(before > count ? before - count : 0, all.size() - count);
  return std::span(all).subspan(first, count);
}

void find(Shell& shell, Words words) {
  const std::size_t most = take_count(words);
  const Block block = named_block(shell, std::move(words), "find");
  const std::vector<BlockWrite> all = writes_of(shell, block);
  for (const BlockWrite& one : around_here(shell.session, all, most)) {
    print_write(shell.session, one, "");
  }
  tell_left(all.size(), most, "writes");
}

void history(Shell& shell, Words words) {
  const std::size_t most = take_count(words);
  const Block block = named_block(shell, std::move(words), "history");
  const BlockContent content = content_in(shell.session.state(), block.device,
                                          block.offset_bytes, block.length_bytes);
  fmt::print("block      device {}, bytes {} to {}\n", block.device, block.offset_bytes,
             block.offset_bytes + block.length_bytes);
  fmt::print("owner      {}\n", owner_of(shell, block));
  fmt::print("holds      {}{}{}\n", content.digest,
             content.base ? ", of before the recording" : "",
             content.garbage ? ", with garbage" : "");
  const std::vector<BlockWrite> all = writes_of(shell, block);
  for (const BlockWrite& one : around_here(shell.session, all, most)) {
    const bool visible =
        std::binary_search(content.writes.begin(), content.writes.end(), one.write);
    const bool part = one.range.length() != block.length_bytes;
    print_write(
        shell.session, one,
        fmt::format(
            " {:<16}{}{}", one.digest,
            part ? fmt::format(" (bytes {} to {})", one.range.begin, one.range.end) : "",
            visible ? "  visible" : ""));
  }
  tell_left(all.size(), most, "writes");
}

bool print_blocks(Shell& shell, const CrashState& a, const CrashState& b,
                  std::uint16_t device, std::size_t most) {
  const RangeSet ranges =
      differing_blocks(a, b, shell.session.durability(), device, shell.block_bytes,
                       [] { return interrupted(); });
  std::string note;
  for (const ByteRange& range :
       ranges.ranges().first(std::min(most, ranges.ranges().size()))) {
    const std::shared_ptr<const BlockOwners> owners =
        shell.disks.owners(shell.session.recording(), b.space->cut(), device, note);
    const std::uint64_t first = range.begin / shell.block_bytes;
    const std::uint64_t last = (range.end - 1) / shell.block_bytes;
    fmt::print(
        "device {} block {}: {}\n", device,
        first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last),
        owners->owner_of(range));
  }
  tell_left(ranges.ranges().size(), most, "ranges");
  if (!note.empty()) {
    fmt::print("note: {}\n", note);
  }
  return !ranges.empty();
}

void print_files(Shell& shell, const CrashState& a, const CrashState& b,
                 std::uint16_t device, bool raw, std::size_t most) {
  const auto unit = std::make_shared<const StateView>(b, device);
  if (file_system_on(*unit) != "ext4") {
    return;  // blocks are all that can be told
  }
  try {
    const std::vector<std::string> lines = file_differences(
        *shell.disks.files(a, device, raw), *shell.disks.files(b, device, raw), most);
    for (const std::string& line : lines) {
      fmt::print("{}\n", line);
    }
    if (lines.empty()) {
      fmt::print("device {}: the files are the same\n", device);
    }
  } catch (const Failure& failure) {
    if (failure.error().kind == ErrorKind::kInterrupted) {
      throw;
    }
    fmt::print("note: files are not compared: {}\n", failure.error().message);
  }
}

void diff(Shell& shell, Words words) {
  const std::size_t most = take_count(words);
  const bool raw = take_flag(words, "--raw");
  const bool one = std::find(words.begin(), words.end(), "--device") != words.end();
  const std::uint16_t device = take_device(shell.session, words);
  expect_words(words, 2, 2, "diff");
  const CrashState a = shell.session.state_named(words[0]);
  const CrashState b = shell.session.state_named(words[1]);
  const std::size_t count = shell.session.recording()->device_count();
  bool differ = false;
  for (std::uint16_t d = one ? device : 0; d < (one ? device + 1U : count); ++d) {
    if (print_blocks(shell, a, b, d, most)) {
      differ = true;
      print_files(shell, a, b, d, raw, most);
    }
    if (interrupted()) {
      throw Failure(Error{ErrorKind::kInterrupted, "interrupted", {}});
    }
  }
  if (!differ) {
    fmt::print("the states hold the same\n");
  }
}

constexpr std::array<ShellCommand, 4> kTable = {{
    {"owner", "SECTOR|@BYTE [of DEVICE]", "whose a sector of 512 bytes is",
     "  By the file system as it would be here without a crash, its journal replayed.\n",
     Completes::kNothing, &owner},
    {"find", "block N|@BYTE [of DEVICE] [--count N]",
     "every write of the log over a block, those to come too",
     "  Blocks have --block-size bytes, 4096 unless the shell was told otherwise.\n",
     Completes::kNothing, &find},
    {"history", "of block N|@BYTE [of DEVICE] [--count N]",
     "the same, with what each put there, and what of it is visible in the state here",
     "  The digest is XXH3-64 of the part of the write that lies in the block.\n",
     Completes::kNothing, &history},
    {"diff", "A B [--device DEVICE] [--raw] [--count N]",
     "where two states differ: blocks, and files of ext2, ext3 and ext4",
     "  A and B are ids, places (with all that is pending kept) such as flush:12, or . "
     "for "
     "the state\n"
     "  here. Files are compared after the replay of the journal, or with --raw as they "
     "lie there.\n",
     Completes::kPlaces, &diff},
}};

}  // namespace

const std::span<const ShellCommand> kBlockCommands = kTable;

}  // namespace powercut
