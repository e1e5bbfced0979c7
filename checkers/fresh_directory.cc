// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/fresh_directory.h"

#include <fmt/format.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace powercut {

namespace {

namespace fs = std::filesystem;

struct DirCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

tl::unexpected<Error> cannot_remove(const std::string& name) {
  return fail(system_error("cannot remove " + name, errno));
}

Result<std::vector<std::string>> names_in(const Fd& directory) {
  const int fd = ::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, DirCloser> stream(fd >= 0 ? ::fdopendir(fd) : nullptr);
  if (stream == nullptr) {
    return fail(system_error("cannot list a directory that is to be removed", errno));
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      names.emplace_back(name);
    }
  }
  return names;
}

// Opens a directory in another; whoever made it may have taken all permissions from it.
Fd open_to_empty(const Fd& parent, const std::string& name) {
  const Fd place(::openat(parent.get(), name.c_str(),
                          O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  const std::string path = fmt::format("/proc/self/fd/{}", place.get());
  if (!place.valid() || ::chmod(path.c_str(), S_IRWXU) != 0) {
    return {};
  }
  return Fd(::openat(parent.get(), name.c_str(),
                     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// Empties directories by moving those in them up to the top, so that any depth costs
// neither descriptors nor stack.
class Emptier {
 public:
  explicit Emptier(const Fd& top) : top_(top) {}

  Status run() {
    while (true) {
      PC_ASSIGN_OR_RETURN(const std::vector<std::string> names, names_in(top_));
      if (names.empty()) {
        return {};
      }
      for (const std::string& name : names) {
        PC_RETURN_IF_ERROR(remove(name));
      }
    }
  }

 private:
  // A name in the top.
  Status remove(const std::string& name) {
    if (::unlinkat(top_.get(), name.c_str(), 0) == 0 || errno == ENOENT) {
      return {};
    }
    const Fd directory = open_to_empty(top_, name);
    if (!directory.valid()) {
      return cannot_remove(name);
    }
    PC_ASSIGN_OR_RETURN(const std::vector<std::string> children, names_in(directory));
    for (const std::string& child : children) {
      if (::unlinkat(directory.get(), child.c_str(), 0) != 0) {
        PC_RETURN_IF_ERROR(move_up(directory, child));
      }
    }
    return ::unlinkat(top_.get(), name.c_str(), AT_REMOVEDIR) == 0 ? Status{}
                                                                   : cannot_remove(name);
  }

  Status move_up(const Fd& from, const std::string& name) {
    // It must be writable to get another parent.
    if (!open_to_empty(from, name).valid()) {
      return cannot_remove(name);
    }
    while (::renameat2(from.get(), name.c_str(), top_.get(),
                       fmt::format("moved-{}", ++moved_).c_str(),
                       RENAME_NOREPLACE) != 0) {
      if (errno != EEXIST) {
        return cannot_remove(name);
      }
    }
    return {};
  }

  const Fd& top_;
  std::size_t moved_ = 0;
};

// Whatever is at `path`; nothing there is well.
Status remove_all_at(const fs::path& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) {
    return {};
  }
  PC_ASSIGN_OR_RETURN(const Fd parent,
                      Fd::open(path.parent_path(), O_RDONLY | O_DIRECTORY));
  const Fd top = open_to_empty(parent, path.filename());
  if (!top.valid()) {
    return cannot_remove(path);
  }
  PC_RETURN_IF_ERROR(Emptier(top).run());
  return ::rmdir(path.c_str()) == 0 ? Status{} : cannot_remove(path);
}

}  // namespace

Result<FreshDirectory> FreshDirectory::make(const fs::path& path) {
  PC_RETURN_IF_ERROR(remove_all_at(path));
  if (::mkdir(path.c_str(), S_IRWXU) != 0) {
    return fail(system_error("cannot make " + path.native(), errno));
  }
  PC_ASSIGN_OR_RETURN(Fd fd, Fd::open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  return FreshDirectory(path, std::move(fd));
}

FreshDirectory::~FreshDirectory() {
  [[maybe_unused]] const Status ignored = remove();
}

Status FreshDirectory::remove() {
  if (!fd_.valid()) {
    return {};
  }
  fd_.reset();
  return remove_all_at(path_);
}

}  // namespace powercut
