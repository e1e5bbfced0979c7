// SPDX-License-Identifier: GPL-2.0-only
//
// Commands that look at files of the state here: of ext2, ext3 and ext4, in process.

#include "base/print_error.h"
#include "cli/shell/shell.h"

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace powercut {

namespace {

struct Wanted {
  std::shared_ptr<const StateFiles> files;
  Ext2Inode inode;
  std::string path;
};

Wanted look_up(Shell& shell, Words& words, const char* command, const char* otherwise) {
  const bool raw = take_flag(words, "--raw");
  const std::uint16_t device = take_device(shell.session, words);
  expect_words(words, *otherwise == '\0' ? 1 : 0, 1, command);
  Wanted wanted;
  wanted.path = words.empty() ? otherwise : words[0];
  wanted.files = shell.disks.files(shell.session.state(), device, raw);
  const Ext2Disk& disk = *wanted.files->disk;
  wanted.inode = value_or_throw(
      read_ext2_inode(disk, value_or_throw(find_ext2_path(disk, wanted.path))));
  return wanted;
}

char type_letter(std::uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return 'd';
    case S_IFLNK:
      return 'l';
    case S_IFBLK:
      return 'b';
    case S_IFCHR:
      return 'c';
    case S_IFIFO:
      return 'p';
    case S_IFSOCK:
      return 's';
    default:
      return '-';
  }
}

void print_name(const Ext2Inode& inode, const std::string& name) {
  const FileNode& node = inode.node;
  fmt::print("{:>8} {}{:04o} {:>3} {:>5} {:>5} {:>12} {}{}\n", inode.number,
             type_letter(node.mode), node.mode & 07777U, node.links, node.uid, node.gid,
             node.size_bytes, printable(name),
             node.target.empty() ? "" : " -> " + printable(node.target));
}

void ls(Shell& shell, Words words) {
  const Wanted wanted = look_up(shell, words, "ls", "/");
  if (!wanted.inode.is_directory()) {
    print_name(wanted.inode, wanted.path);
    return;
  }
  const Ext2Disk& disk = *wanted.files->disk;
  for (const Ext2Name& name :
       value_or_throw(list_ext2_directory(disk, wanted.inode.number))) {
    const Result<Ext2Inode> inode = read_ext2_inode(disk, name.inode);
    if (inode) {
      print_name(*inode, name.name);
    } else {  // a state may hold anything; the other names are still of use
      fmt::print("{:>8} {}: {}\n", name.inode, printable(name.name),
                 printable(inode.error().message));
    }
  }
}

void print_hex(const std::vector<std::byte>& bytes, std::uint64_t offset_bytes) {
  constexpr std::size_t kLine = 16;
  for (std::size_t at = 0; at < bytes.size(); at += kLine) {
    std::string hex;
    std::string text;
    for (std::size_t i = at; i < std::min(at + kLine, bytes.size()); ++i) {
      const auto byte = static_cast<unsigned char>(bytes[i]);
      hex += fmt::format("{:02x}{}", byte, i % 8 == 7 ? "  " : " ");
      text += byte >= ' ' && byte < 0x7f ? static_cast<char>(byte) : '.';
    }
    fmt::print("{:010x}  {:<50}{}\n", offset_bytes + at, hex, text);
  }
}

// What changes a terminal is shown as \xNN there; a file or a pipe gets the bytes.
void print_bytes(const std::vector<std::byte>& bytes, bool to_terminal) {
  if (!to_terminal) {
    std::fwrite(bytes.data(), 1, bytes.size(), stdout);
    return;
  }
  std::string text;
  for (const std::byte byte : bytes) {
    const char c = static_cast<char>(byte);
    text += c == '\n' || c == '\t' ? std::string(1, c) : printable(std::string(1, c));
  }
  fmt::print("{}", text);
}

void cat(Shell& shell, Words words) {
  constexpr std::uint64_t kUsual = 65536;
  const bool hex = take_flag(words, "--hex");
  const std::uint64_t from = take_bytes(words, "--from").value_or(0);
  const std::uint64_t most = take_bytes(words, "--bytes").value_or(kUsual);
  const Wanted wanted = look_up(shell, words, "cat", "");
  if (!wanted.inode.is_file()) {
    shell_usage(fmt::format("{} is no regular file", printable(wanted.path)),
                "`stat` says what it is");
  }
  constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;
  const std::uint64_t size = wanted.inode.node.size_bytes;
  const std::uint64_t end = from + std::min(most, size - std::min(from, size));
  for (std::uint64_t at = from; at < end; at += kPiece) {
    const std::vector<std::byte> bytes = value_or_throw(read_ext2_content(
        wanted.files->subject, 0, wanted.inode, at, std::min(kPiece, end - at)));
    if (hex) {
      print_hex(bytes, at);
    } else {
      print_bytes(bytes, shell.to_terminal);
    }
  }
  if (end < size) {
    std::fflush(stdout);
    print_error("powercut: {} of {} bytes follow (--from, --bytes)\n", size - end, size);
  }
}

void stat(Shell& shell, Words words) {
  const Wanted wanted = look_up(shell, words, "stat", "");
  FileNode node = wanted.inode.node;
  node.path = wanted.path;
  fmt::print("{}\ninode {}, generation {}, {} bytes allocated\n", to_line(node),
             wanted.inode.number, wanted.inode.generation, node.allocated_bytes);
  constexpr std::size_t kMost = 100;
  std::size_t count = 0;
  for (const Ext2Run& run : wanted.inode.runs) {
    if (count++ == kMost) {
      fmt::print("... {} runs in all\n", wanted.inode.runs.size());
      break;
    }
    fmt::print("bytes {} to {} at {} of the disk{}\n", run.in_file,
               run.in_file + run.length, run.on_disk, run.unwritten ? ", unwritten" : "");
  }
}

constexpr const char* kDetails =
    "  Of ext2, ext3 and ext4. Shown is what a mount would show: the state after the "
    "replay of\n"
    "  its journal. --raw: as it lies there, without the journal.\n";

constexpr std::array<ShellCommand, 3> kTable = {{
    {"ls", "[PATH] [of DEVICE] [--raw]", "the names in a directory of the state",
     kDetails, Completes::kPaths, &ls},
    {"cat", "PATH [--hex] [--from BYTE] [--bytes N] [of DEVICE] [--raw]",
     "what a file of the state holds, at most N (64K) bytes", kDetails, Completes::kPaths,
     &cat},
    {"stat", "PATH [of DEVICE] [--raw]", "attributes of a file, and where its blocks lie",
     kDetails, Completes::kPaths, &stat},
}};

}  // namespace

const std::span<const ShellCommand> kFileCommands = kTable;

}  // namespace powercut
