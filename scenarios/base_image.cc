// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/base_image.h"

#include "base/fd.h"
#include "base/new_file.h"
#include "base/subprocess.h"
#include "workload/fill.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <vector>

namespace powercut {

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
// All of it is read for each state.
constexpr std::uint64_t kRawSize = kMiB;
constexpr const char* kUuid = "7c0ffee5-0000-4000-8000-706f77657263";

std::uint64_t default_size(const std::string& file_system) {
  if (file_system == "xfs") {
    return 320 * kMiB;  // mkfs.xfs makes nothing below 300 MiB
  }
  if (file_system == "btrfs") {
    return 128 * kMiB;
  }
  return 64 * kMiB;
}

// Options behind "-E" come once: mke2fs forgets all but the last.
std::vector<std::string> extended_options(const std::vector<std::string>& wanted,
                                          std::vector<std::string>& others) {
  std::vector<std::string> extended;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "-E" && i + 1 < wanted.size()) {
      extended.push_back(wanted[++i]);
    } else {
      others.push_back(wanted[i]);
    }
  }
  return extended;
}

std::vector<std::string> ext_command(const BaseImageOptions& options) {
  std::vector<std::string> others;
  std::vector<std::string> extended = {"nodiscard"};
  if (options.file_system != "ext2") {
    extended.insert(extended.end(), {"lazy_itable_init=0", "lazy_journal_init=0",
                                     fmt::format("hash_seed={}", kUuid)});
  }
  for (std::string& option : extended_options(options.mkfs_options, others)) {
    extended.push_back(std::move(option));
  }
  std::vector<std::string> argv = {"mkfs." + options.file_system,
                                   "-q",
                                   "-F",
                                   "-U",
                                   kUuid,
                                   "-E",
                                   fmt::format("{}", fmt::join(extended, ","))};
  const bool own_blocks =
      std::any_of(others.begin(), others.end(),
                  [](const std::string& option) { return option.starts_with("-b"); });
  constexpr std::uint32_t kSmallestBlock = 1024;
  if (!own_blocks && options.block_bytes >= kSmallestBlock) {
    // mke2fs takes the small ones for small disks, and has no device to ask.
    argv.insert(argv.end(), {"-b", fmt::format("{}", options.block_bytes)});
  }
  argv.insert(argv.end(), others.begin(), others.end());
  return argv;
}

Status fill_with_poison(const Fd& fd, std::uint64_t size_bytes,
                        const std::filesystem::path& file) {
  std::vector<std::byte> buffer(kMiB);
  for (std::uint64_t at = 0; at < size_bytes; at += buffer.size()) {
    const std::uint64_t length = std::min<std::uint64_t>(buffer.size(), size_bytes - at);
    fill_poison(at, std::span(buffer).first(length));
    const ssize_t written =
        ::pwrite(fd.get(), buffer.data(), length, static_cast<off_t>(at));
    if (written != static_cast<ssize_t>(length)) {
      return fail(system_error(fmt::format("cannot write {}", file.native()), errno));
    }
  }
  return {};
}

}  // namespace

BaseImageOptions base_image_options(const Scenario& scenario) {
  BaseImageOptions options;
  options.file_system = scenario.file_system;
  const bool raw = scenario.file_system == "none" && scenario.script.empty();
  options.size_bytes = scenario.size_bytes != 0 ? scenario.size_bytes
                       : raw                    ? kRawSize
                                                : default_size(scenario.file_system);
  const bool small_blocks =
      scenario.file_system == "vfat" ||
      std::any_of(scenario.mkfs_options.begin(), scenario.mkfs_options.end(),
                  [](const std::string& option) {
                    return option == "1024" || option == "-b1024";
                  });
  constexpr std::uint32_t kSector = 512;
  constexpr std::uint32_t kBlock = 4096;
  options.block_bytes = scenario.block_bytes != 0 ? scenario.block_bytes
                        : small_blocks            ? kSector
                                                  : kBlock;
  options.mkfs_options = scenario.mkfs_options;
  return options;
}

std::vector<std::string> base_mkfs_command(const BaseImageOptions& options,
                                           const std::filesystem::path& file) {
  std::vector<std::string> argv;
  if (options.file_system.starts_with("ext")) {
    argv = ext_command(options);
  } else {
    argv = {"mkfs." + options.file_system};
    if (options.file_system == "xfs") {
      argv.insert(argv.end(), {"-q", "-f", "-K", "-m", fmt::format("uuid={}", kUuid),
                               "-s", fmt::format("size={}", options.block_bytes)});
    } else if (options.file_system == "btrfs") {
      // No identity: it refuses one that another disk of this machine has.
      argv.insert(argv.end(), {"-q", "-f", "-K"});
    } else if (options.file_system == "f2fs") {
      argv.insert(argv.end(), {"-q", "-f", "-t", "0"});
    }
    argv.insert(argv.end(), options.mkfs_options.begin(), options.mkfs_options.end());
  }
  argv.push_back(file);
  return argv;
}

Result<BaseImage> make_base_image(const BaseImageOptions& options,
                                  const RunDir& run_dir) {
  static std::atomic<unsigned> number{0};
  if (options.size_bytes == 0 || options.size_bytes % options.block_bytes != 0) {
    return fail(ErrorKind::kUsage,
                fmt::format("a disk of {} bytes is not made of {}-byte blocks",
                            options.size_bytes, options.block_bytes));
  }
  BaseImage image;
  image.file = run_dir.path() / fmt::format("base{}.img", number++);
  {
    PC_ASSIGN_OR_RETURN(const Fd fd, Fd::open(image.file, O_RDWR | O_CREAT | O_TRUNC));
    PC_RETURN_IF_ERROR(fill_with_poison(fd, options.size_bytes, image.file));
  }
  if (options.file_system != "none") {
    SubprocessOptions mkfs;
    mkfs.argv = base_mkfs_command(options, image.file);
    const std::string command = fmt::format("{}", fmt::join(options.mkfs_options, " "));
    if (Result<std::filesystem::path> found = find_program(mkfs.argv[0]); !found) {
      return fail(ErrorKind::kMissing,
                  fmt::format("cannot make a disk with {}: there is no {}",
                              options.file_system, mkfs.argv[0]),
                  "install its package: e2fsprogs, xfsprogs, btrfs-progs, f2fs-tools or "
                  "dosfstools");
    }
    PC_ASSIGN_OR_RETURN(const ExitState state, run_subprocess(mkfs));
    if (state.interrupted) {
      return fail(ErrorKind::kInterrupted, "interrupted");
    }
    if (!state.succeeded()) {
      return fail(ErrorKind::kUsage,
                  fmt::format("{} {} refuses a disk of {} bytes: {}", mkfs.argv[0],
                              command, options.size_bytes, state.output));
    }
  }
  PC_ASSIGN_OR_RETURN(image.source, ImageSource::open(image.file));
  PC_ASSIGN_OR_RETURN(image.digest, image.source->digest());
  return image;
}

}  // namespace powercut
