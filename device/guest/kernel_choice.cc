// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/kernel_choice.h"

#include "base/fd.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

namespace powercut {
namespace {

namespace fs = std::filesystem;

constexpr const char* kImageInTree = "arch/x86/boot/bzImage";
constexpr std::size_t kHeaderBytes = 64 * 1024;  // the version lies within the setup code
constexpr const char* kInstallHint =
    "apt-get install linux-image-cloud-amd64, or name one with --kernel IMAGE";

// Two little-endian bytes; 0 behind the end.
unsigned u16_at(std::string_view bytes, std::size_t at) {
  if (at + 2 > bytes.size()) {
    return 0;
  }
  return static_cast<unsigned char>(bytes[at]) |
         static_cast<unsigned>(static_cast<unsigned char>(bytes[at + 1])) << 8U;
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// Of all /boot/vmlinuz-VERSION with a /lib/modules/VERSION, the newest we may read.
Result<fs::path> newest_installed() {
  std::optional<std::string> newest;
  bool unreadable = false;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/boot", error)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("vmlinuz-")) {
      continue;
    }
    const std::string version = name.substr(8);
    if (!is_there(fs::path("/lib/modules") / version / "modules.dep") ||
        (newest && ::strverscmp(newest->c_str(), version.c_str()) > 0)) {
      continue;
    }
    if (::access(entry.path().c_str(), R_OK) != 0) {
      unreadable = true;
      continue;
    }
    newest = version;
  }
  if (!newest) {
    return fail(
        ErrorKind::kMissing,
        unreadable ? "no kernel for the guest: /boot/vmlinuz-* is not readable"
                   : "no kernel for the guest: there is no /boot/vmlinuz-VERSION "
                     "that has its /lib/modules/VERSION",
        unreadable ? "run as root, or name a kernel with --kernel IMAGE" : kInstallHint);
  }
  return fs::path("/boot") / ("vmlinuz-" + *newest);
}

// The image that belongs to a modules directory.
Result<fs::path> image_of(const ModuleTree& tree) {
  const std::vector<fs::path> places = {
      tree.directory() / kImageInTree, tree.directory() / "vmlinuz",
      fs::path("/boot") / ("vmlinuz-" + tree.kernel_version())};
  const std::vector<fs::path>::const_iterator found =
      std::ranges::find_if(places, is_there);
  if (found == places.end()) {
    return fail(ErrorKind::kMissing,
                fmt::format("no kernel image belongs to {}", tree.directory().native()),
                "name it with --kernel IMAGE");
  }
  return *found;
}

// The modules that belong to an image: the tree it was built in, or the installed ones.
Result<fs::path> modules_of(const fs::path& image) {
  std::error_code ignored;
  const std::string path = fs::absolute(image, ignored).lexically_normal();
  if (path.ends_with(std::string("/") + kImageInTree)) {
    return fs::path(path.substr(0, path.size() - std::string(kImageInTree).size() - 1));
  }
  PC_ASSIGN_OR_RETURN(const std::string version, kernel_image_version(image));
  fs::path installed = fs::path("/lib/modules") / version;
  if (!is_there(installed)) {
    return fail(ErrorKind::kMissing,
                fmt::format("kernel {} of {} has no modules in {}", version,
                            image.native(), installed.native()),
                "name its modules with --modules DIR");
  }
  return installed;
}

}  // namespace

Result<std::string> bzimage_version(std::string_view bytes, const std::string& name) {
  if (bytes.size() < 0x210 || u16_at(bytes, 0x1FE) != 0xAA55 ||
      bytes.substr(0x202, 4) != "HdrS" || u16_at(bytes, 0x206) < 0x0200) {
    return fail(ErrorKind::kBadInput, fmt::format("{} is no Linux bzImage", name),
                "--kernel takes what a boot loader takes: /boot/vmlinuz-VERSION or " +
                    std::string(kImageInTree));
  }
  const unsigned offset = u16_at(bytes, 0x20E);
  const std::size_t start = offset + std::size_t{0x200};
  const std::size_t end =
      start < bytes.size() ? bytes.find('\0', start) : std::string_view::npos;
  if (offset == 0 || end == std::string_view::npos) {
    return fail(ErrorKind::kBadInput,
                fmt::format("{} does not say which kernel it is: it is cut off, or was "
                            "built without a version",
                            name));
  }
  const std::string_view text = bytes.substr(start, end - start);
  return std::string(text.substr(0, text.find(' ')));
}

Result<std::string> kernel_image_version(const fs::path& image) {
  PC_ASSIGN_OR_RETURN(const Fd file, Fd::open(image, O_RDONLY));
  std::string bytes(kHeaderBytes, '\0');
  const ssize_t got = ::pread(file.get(), bytes.data(), bytes.size(), 0);
  if (got < 0) {
    return fail(system_error(fmt::format("cannot read {}", image.native()), errno));
  }
  bytes.resize(static_cast<std::size_t>(got));
  return bzimage_version(bytes, image);
}

Result<KernelChoice> choose_kernel(const fs::path& image, const fs::path& modules) {
  fs::path chosen = image;
  fs::path directory = modules;
  std::error_code ignored;
  if (fs::is_directory(chosen, ignored)) {
    if (directory.empty()) {
      directory = chosen;
    }
    chosen /= kImageInTree;
  }
  if (chosen.empty() && directory.empty()) {
    PC_ASSIGN_OR_RETURN(chosen, newest_installed());
  }
  if (!chosen.empty() && ::access(chosen.c_str(), R_OK) != 0) {
    Error error = system_error(
        fmt::format("cannot read the kernel image {}", chosen.native()), errno);
    error.kind = ErrorKind::kMissing;
    return fail(std::move(error));
  }
  if (directory.empty()) {
    PC_ASSIGN_OR_RETURN(directory, modules_of(chosen));
  }
  PC_ASSIGN_OR_RETURN(ModuleTree tree, ModuleTree::open(directory));
  if (chosen.empty()) {
    PC_ASSIGN_OR_RETURN(chosen, image_of(tree));
  }
  PC_ASSIGN_OR_RETURN(std::string version, kernel_image_version(chosen));
  if (version != tree.kernel_version()) {
    return fail(ErrorKind::kUsage,
                fmt::format("the image {} is kernel {}, and the modules in {} are of {}",
                            chosen.native(), version, tree.directory().native(),
                            tree.kernel_version()),
                "name both of one kernel with --kernel and --modules");
  }
  return KernelChoice{std::move(chosen), std::move(version), std::move(tree)};
}

Result<std::vector<fs::path>> boot_modules(const ModuleTree& tree,
                                           const std::vector<std::string>& more) {
  std::vector<std::string> names = {"virtio_pci", "virtio_blk", "virtio_console",
                                    "dm_mod"};
  for (const std::string& name : names) {
    if (!tree.has(name)) {
      return fail(ErrorKind::kMissing,
                  fmt::format("kernel {} cannot be a guest: it has no {}",
                              tree.kernel_version(), name),
                  "it needs CONFIG_VIRTIO_PCI, CONFIG_VIRTIO_BLK, CONFIG_VIRTIO_CONSOLE "
                  "and CONFIG_BLK_DEV_DM");
    }
  }
  for (const char* name : {"virtio_rng", "loop"}) {
    if (tree.has(name)) {
      names.emplace_back(name);
    }
  }
  names.insert(names.end(), more.begin(), more.end());
  return tree.load_order(names);
}

Result<std::map<std::string, std::vector<fs::path>>> demand_modules(
    const ModuleTree& tree) {
  // How the kernel asks, and for what: the checksums of btrfs and XFS, the tables for the
  // names of VFAT.
  static const std::vector<std::pair<std::string, std::string>> kAliases = {
      {"fs-ext4", "ext4"},
      {"fs-xfs", "xfs"},
      {"fs-btrfs", "btrfs"},
      {"fs-f2fs", "f2fs"},
      {"fs-vfat", "vfat"},
      {"crypto-crc32c", "crc32c_generic"},
      {"crypto-crc32", "crc32_generic"},
      {"crypto-xxhash64", "xxhash_generic"},
      {"crypto-sha256", "sha256_generic"},
      {"crypto-blake2b-256", "blake2b_generic"},
      {"nls_cp437", "nls_cp437"},
      {"nls_ascii", "nls_ascii"},
      {"nls_iso8859-1", "nls_iso8859_1"},
      {"nls_utf8", "nls_utf8"}};
  std::map<std::string, std::vector<fs::path>> files;
  for (const auto& [alias, name] : kAliases) {
    if (tree.has(name)) {
      PC_ASSIGN_OR_RETURN(files[alias], tree.load_order({name}));
      files[name] = files[alias];
    }
  }
  std::erase_if(files, [](const auto& entry) { return entry.second.empty(); });
  return files;
}

}  // namespace powercut
