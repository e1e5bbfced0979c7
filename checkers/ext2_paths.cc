// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/ext2_paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace powercut {

Result<std::vector<Ext2Name>> list_ext2_directory(const Ext2Disk& disk,
                                                  ext2_ino_t inode) {
  std::vector<Ext2Name> names;
  const errcode_t code = ext2fs_dir_iterate2(
      disk.fs(), inode, 0, nullptr,
      [](ext2_ino_t /*dir*/, int /*entry*/, ext2_dir_entry* entry, int /*offset*/,
         int /*blocksize*/, char* /*buffer*/, void* to) {
        const std::string_view name(
            entry->name, static_cast<std::size_t>(ext2fs_dirent_name_len(entry)));
        if (name != "." && name != "..") {
          static_cast<std::vector<Ext2Name>*>(to)->push_back(
              {std::string(name), entry->inode});
        }
        return 0;
      },
      &names);
  if (code != 0) {
    return fail(disk.error(code, fmt::format("directory inode {}", inode)));
  }
  std::sort(names.begin(), names.end(),
            [](const Ext2Name& a, const Ext2Name& b) { return a.name < b.name; });
  return names;
}

Result<ext2_ino_t> find_ext2_path(const Ext2Disk& disk, std::string_view path) {
  ext2_ino_t inode = EXT2_ROOT_INO;
  std::size_t at = 0;
  while (at < path.size()) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view name = path.substr(at, end - at);
    at = end + 1;
    if (name.empty()) {
      continue;
    }
    ext2_ino_t found = 0;
    const errcode_t code = ext2fs_lookup(disk.fs(), inode, name.data(),
                                         static_cast<int>(name.size()), nullptr, &found);
    const std::string upto = escape_name(path.substr(0, end));
    if (code == EXT2_ET_FILE_NOT_FOUND) {
      return fail(ErrorKind::kUsage, fmt::format("no {} in this state", upto));
    }
    if (code == EXT2_ET_NO_DIRECTORY) {
      return fail(
          ErrorKind::kUsage,
          fmt::format("no {} in this state: what is before it is no directory", upto));
    }
    if (code != 0) {
      return fail(disk.error(code, upto));
    }
    inode = found;
  }
  return inode;
}

Result<std::vector<std::byte>> read_ext2_content(const Subject& subject, std::size_t disk,
                                                 const Ext2Inode& inode,
                                                 std::uint64_t offset_bytes,
                                                 std::uint64_t most_bytes) {
  const std::uint64_t size = inode.node.size_bytes;
  const std::uint64_t begin = std::min(offset_bytes, size);
  const std::uint64_t end = begin + std::min(most_bytes, size - begin);
  std::vector<std::byte> bytes(end - begin);
  const std::string& held =
      inode.node.target.empty() ? inode.inline_content : inode.node.target;
  if (begin < held.size()) {
    std::memcpy(bytes.data(), held.data() + begin,
                std::min<std::size_t>(bytes.size(), held.size() - begin));
  }
  for (const Ext2Run& run : inode.runs) {
    const std::uint64_t from = std::max(run.in_file, begin);
    const std::uint64_t to = std::min(run.in_file + run.length, end);
    if (run.unwritten || from >= to) {
      continue;
    }
    const std::uint64_t on_disk = run.on_disk + (from - run.in_file);
    const std::uint64_t disk_bytes = subject.size_bytes(disk);
    if (on_disk > disk_bytes || to - from > disk_bytes - on_disk) {
      return fail(
          ErrorKind::kBadInput,
          fmt::format("inode {} has blocks behind the end of the disk", inode.number));
    }
    PC_RETURN_IF_ERROR(
        subject.read(disk, on_disk, std::span(bytes).subspan(from - begin, to - from)));
  }
  return bytes;
}

bool ext2_needs_recovery(const Ext2Disk& disk) {
  return ext2fs_has_feature_journal_needs_recovery(disk.fs()->super) != 0;
}

}  // namespace powercut
