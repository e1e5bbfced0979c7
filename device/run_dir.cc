// SPDX-License-Identifier: GPL-2.0-only

#include "device/run_dir.h"

#include "base/run_id.h"

#include <fmt/format.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace powercut {
namespace {

constexpr const char* kOwnerFile = "owner";
constexpr std::size_t kMaxDepth = 64;

std::string read_start(const std::filesystem::path& file) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text(4096, '\0');
  const ssize_t got = fd.valid() ? ::read(fd.get(), text.data(), text.size()) : 0;
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return text;
}

std::string describe_this_process() {
  std::string command = read_start("/proc/self/cmdline");
  std::ranges::replace(command, '\0', ' ');
  return fmt::format("pid {} {}\n", ::getpid(), command);
}

// The mount that a name in `directory` is on; nothing if it cannot be told without
// asking the file system behind it.
std::optional<std::uint64_t> mount_of(int directory, const char* name) {
  struct statx status = {};
  if (::statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
              STATX_MNT_ID, &status) != 0 ||
      (status.stx_mask & STATX_MNT_ID) == 0) {
    return std::nullopt;
  }
  return status.stx_mnt_id;
}

std::vector<std::string> names_in(DIR* directory) {
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") {
      names.push_back(name);
    }
  }
  return names;
}

struct DirCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// Removes `name` in `parent`, with all below that is on mount `mount`.
Status remove_below(int parent, const std::string& name, std::uint64_t mount,
                    std::size_t depth) {
  if (mount_of(parent, name.c_str()) != mount || depth > kMaxDepth) {
    return fail(ErrorKind::kSystem,
                fmt::format("cannot remove {}: something is mounted there", name));
  }
  if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) {
    return {};
  }
  if (errno != EISDIR && errno != EPERM) {
    return fail(system_error(fmt::format("cannot remove {}", name), errno));
  }
  const int fd =
      ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    return fail(system_error(fmt::format("cannot open {}", name), errno));
  }
  Status status;
  const std::unique_ptr<DIR, DirCloser> directory(::fdopendir(fd));
  for (const std::string& child : names_in(directory.get())) {
    const Status removed = remove_below(fd, child, mount, depth + 1);
    if (!removed && status) {
      status = removed;
    }
  }
  if (status && ::unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0) {
    status = fail(system_error(fmt::format("cannot remove {}", name), errno));
  }
  return status;
}

}  // namespace

Status remove_tree(const std::filesystem::path& path) {
  const Fd parent(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::optional<std::uint64_t> mount =
      parent.valid() ? mount_of(parent.get(), ".") : std::nullopt;
  if (!mount) {
    return fail(
        system_error(fmt::format("cannot open {}", path.parent_path().native()), errno));
  }
  return remove_below(parent.get(), path.filename().native(), *mount, 0);
}

std::filesystem::path run_dir_parent() {
  const char* directory = std::getenv("TMPDIR");
  return directory != nullptr && *directory == '/' ? directory : "/tmp";
}

// The directory appears under its name only when its owner is locked: otherwise a sweep
// that looks in between would take it for a dead one.
Result<RunDir> RunDir::create() {
  const std::string id = make_run_id();
  const std::filesystem::path final_path =
      run_dir_parent() / fmt::format("{}{}", kRunPrefix, id);
  const std::filesystem::path early_path =
      run_dir_parent() / fmt::format(".{}{}.new", kRunPrefix, id);
  if (::mkdir(early_path.c_str(), 0755) != 0) {
    return fail(system_error(fmt::format("cannot make {}", early_path.native()), errno));
  }
  const std::filesystem::path owner_path = early_path / kOwnerFile;
  PC_ASSIGN_OR_RETURN(Fd owner, Fd::open(owner_path, O_RDWR | O_CREAT | O_EXCL));
  if (::flock(owner.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(system_error(fmt::format("cannot lock {}", owner_path.native()), errno));
  }
  const std::string text = describe_this_process();
  PC_RETURN_IF_ERROR(write_fully(owner, std::as_bytes(std::span(text)), 0, owner_path));
  if (::rename(early_path.c_str(), final_path.c_str()) != 0) {
    return fail(system_error(fmt::format("cannot make {}", final_path.native()), errno));
  }
  return RunDir(final_path, id, std::move(owner));
}

RunDir::RunDir(std::filesystem::path path, std::string run_id, Fd owner)
    : path_(std::move(path)), run_id_(std::move(run_id)), owner_(std::move(owner)) {}

RunDir& RunDir::operator=(RunDir&& other) noexcept {
  remove();
  path_ = std::exchange(other.path_, {});
  run_id_ = std::move(other.run_id_);
  owner_ = std::move(other.owner_);
  kept_ = other.kept_;
  return *this;
}

RunDir::~RunDir() {
  remove();
}

void RunDir::remove() {
  if (owner_.valid() && !kept_) {
    [[maybe_unused]] const Status ignored = remove_tree(path_);  // a sweep finds it
  }
  owner_.reset();
}

Result<std::filesystem::path> RunDir::make_directory(const std::string& name) const {
  std::filesystem::path path = path_ / name;
  if (::mkdir(path.c_str(), 0755) != 0) {
    return fail(system_error(fmt::format("cannot make {}", path.native()), errno));
  }
  return path;
}

RunState run_state(const std::filesystem::path& run_directory) {
  struct stat status = {};
  if (::lstat(run_directory.c_str(), &status) != 0) {
    return RunState::kGone;
  }
  const Fd owner(::open((run_directory / kOwnerFile).c_str(), O_RDONLY | O_CLOEXEC));
  if (!owner.valid()) {
    return errno == ENOENT ? RunState::kDead : RunState::kAlive;
  }
  return ::flock(owner.get(), LOCK_EX | LOCK_NB) == 0 ? RunState::kDead
                                                      : RunState::kAlive;
}

std::string run_owner(const std::filesystem::path& run_directory) {
  const std::string text = read_start(run_directory / kOwnerFile);
  return text.substr(0, text.find('\n'));
}

}  // namespace powercut
