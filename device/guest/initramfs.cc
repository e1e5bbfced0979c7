// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/initramfs.h"

#include "base/subprocess.h"
#include "device/guest/host_files.h"

#include <fmt/format.h>

namespace powercut {
namespace {

namespace fs = std::filesystem;

// Links of a merged /usr; programs and libraries are named through them.
Status add_root_links(CpioWriter& writer) {
  for (const char* link : {"/bin", "/sbin", "/lib", "/lib32", "/lib64"}) {
    std::error_code error;
    if (fs::is_symlink(link, error)) {
      PC_RETURN_IF_ERROR(writer.add_symlink(link, fs::read_symlink(link, error)));
    }
  }
  return {};
}

Status add_places(CpioWriter& writer) {
  for (const char* place : {"/dev", "/proc", "/sys", "/run", "/mnt", "/root", "/etc",
                            "/var", "/usr/bin", "/usr/sbin"}) {
    PC_RETURN_IF_ERROR(writer.add_directory(place, 0755));
  }
  PC_RETURN_IF_ERROR(writer.add_directory("/tmp", 01777));
  // What the kernel opens for its first process, before /dev is mounted.
  return writer.add_character_device("/dev/console", 0600, 5, 1);
}

Status add_configuration(CpioWriter& writer, HostFiles& host) {
  PC_RETURN_IF_ERROR(
      writer.add_file("/etc/passwd", 0644,
                      "root:x:0:0:root:/root:/bin/sh\n"
                      "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"));
  PC_RETURN_IF_ERROR(
      writer.add_file("/etc/group", 0644, "root:x:0:\nnogroup:x:65534:\n"));
  PC_RETURN_IF_ERROR(writer.add_symlink("/etc/mtab", "../proc/self/mounts"));
  for (const char* file : {"/etc/ld.so.cache", "/etc/mke2fs.conf", "/etc/e2fsck.conf"}) {
    std::error_code ignored;
    if (fs::exists(file, ignored)) {
      PC_RETURN_IF_ERROR(host.add(file));
    }
  }
  return {};
}

// Modules by their file names; a second one of a name gets another place.
class ModuleFiles {
 public:
  ModuleFiles(CpioWriter& writer, HostFiles& host) : writer_(writer), host_(host) {}

  Status add_list(const fs::path& list, const std::vector<GuestModule>& modules) {
    std::string text;
    for (const GuestModule& module : modules) {
      auto [place, is_new] = places_.try_emplace(
          module.file, fmt::format("/etc/powercut/modules/{}/{}", places_.size(),
                                   module.file.filename().native()));
      if (is_new) {
        PC_RETURN_IF_ERROR(host_.add_as(module.file, place->second));
      }
      text += fmt::format("{} {}\n", place->second, module.parameters);
    }
    return writer_.add_file(list, 0644, text);
  }

 private:
  CpioWriter& writer_;
  HostFiles& host_;
  std::map<fs::path, std::string> places_;
};

Status add_modules(CpioWriter& writer, HostFiles& host, const InitramfsOptions& options) {
  ModuleFiles files(writer, host);
  PC_RETURN_IF_ERROR(files.add_list(kGuestModuleList, options.modules));
  for (const auto& [alias, paths] : options.demand_modules) {
    std::vector<GuestModule> modules;
    for (const fs::path& path : paths) {
      modules.push_back({path, ""});
    }
    PC_RETURN_IF_ERROR(files.add_list(fs::path(kGuestDemandLists) / alias, modules));
  }
  // "modprobe -q -- fs-xfs", as the kernel calls it.
  return writer.add_file("/usr/sbin/modprobe", 0755,
                         fmt::format("#!/bin/sh\n"
                                     "for name; do :; done\n"
                                     "exec {} guest-agent --load \"$name\"\n",
                                     kGuestInit));
}

}  // namespace

const std::vector<std::string>& basic_guest_programs() {
  static const std::vector<std::string> kPrograms = {
      "sh", "bash", "cat", "cp", "mv", "rm", "mkdir", "rmdir", "ln", "ls", "dd", "sync",
      "sleep", "touch", "truncate", "stat", "cmp", "diff", "md5sum", "sha256sum", "chmod",
      "chown", "echo", "true", "false", "test", "printf", "seq", "head", "tail", "wc",
      "sort", "env", "expr", "cut", "tr", "od", "uname", "date", "df", "du", "kill",
      "timeout", "mktemp", "basename", "dirname", "readlink", "realpath", "mknod",
      "mkfifo", "tee", "id", "nproc", "fallocate", "dmesg", "setfattr", "getfattr",
      // devices and mounts
      "mount", "umount", "findmnt", "blkdiscard", "fstrim", "losetup", "blockdev",
      "lsblk", "dmsetup", "fsfreeze",
      // file systems
      "mkfs.ext4", "mke2fs", "fsck.ext4", "e2fsck", "debugfs", "dumpe2fs", "tune2fs",
      "mkfs.xfs", "xfs_repair", "xfs_io", "xfs_db", "mkfs.btrfs", "btrfs", "fsck.btrfs",
      "mkfs.f2fs", "fsck.f2fs", "mkfs.vfat", "fsck.vfat",
      // tools of workloads
      "grep", "sed", "awk", "find", "xargs", "tar", "gzip"};
  return kPrograms;
}

Result<std::uint64_t> write_initramfs(const fs::path& archive,
                                      const InitramfsOptions& options) {
  PC_ASSIGN_OR_RETURN(CpioWriter writer, CpioWriter::create(archive));
  HostFiles host(writer, options.own_program, kGuestInit);
  PC_RETURN_IF_ERROR(add_root_links(writer));
  PC_RETURN_IF_ERROR(add_places(writer));
  PC_RETURN_IF_ERROR(host.add_as(options.own_program, kGuestInit));
  PC_RETURN_IF_ERROR(host.add_program(options.own_program));
  PC_RETURN_IF_ERROR(add_configuration(writer, host));
  for (const std::string& name : options.programs) {
    PC_ASSIGN_OR_RETURN(const fs::path program, find_program(name));
    PC_RETURN_IF_ERROR(host.add_program(program));
  }
  for (const std::string& name : basic_guest_programs()) {
    if (const Result<fs::path> program = find_program(name)) {
      PC_RETURN_IF_ERROR(host.add_program(*program));
    }
  }
  for (const GuestFile& file : options.files) {
    PC_RETURN_IF_ERROR(file.guest.empty() ? host.add(file.host)
                                          : host.add_as(file.host, file.guest));
  }
  PC_RETURN_IF_ERROR(add_modules(writer, host, options));
  PC_RETURN_IF_ERROR(writer.finish());
  return writer.size_bytes();
}

}  // namespace powercut
