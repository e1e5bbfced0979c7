// SPDX-License-Identifier: GPL-2.0-only

#include "device/open_below.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace powercut {
namespace {

constexpr std::size_t kMaxStep = 4000;  // below PATH_MAX

Fd open_step(int directory, const std::string& path, int flags) {
  open_how how = {};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC | O_NOFOLLOW);
  how.resolve =
      RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  return Fd(static_cast<int>(
      ::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how)));
}

}  // namespace

Fd open_below(int root, const std::string& path, int flags) {
  std::string rest = path.substr(path.starts_with('/') ? 1 : 0);
  if (rest.empty()) {
    return open_step(root, ".", flags);
  }
  Fd from;
  while (rest.size() > kMaxStep) {
    const std::size_t slash = rest.rfind('/', kMaxStep);
    Fd next = open_step(from.valid() ? from.get() : root, rest.substr(0, slash),
                        O_PATH | O_DIRECTORY);
    if (!next.valid()) {
      return next;
    }
    from = std::move(next);
    rest.erase(0, slash + 1);
  }
  return open_step(from.valid() ? from.get() : root, rest, flags);
}

}  // namespace powercut
