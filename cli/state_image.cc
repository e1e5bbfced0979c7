// SPDX-License-Identifier: GPL-2.0-only

#include "cli/state_image.h"

#include "base/fd.h"
#include "base/new_file.h"
#include "replay/materialize.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace powercut {

void write_state_image(const Recording& recording, const BlockSource& view, Cut cut,
                       std::uint16_t device, const std::filesystem::path& path) {
  NewFile file(path);
  Fd fd = value_or_throw(Fd::open(file.partial(), O_WRONLY | O_CREAT | O_TRUNC));
  if (::ftruncate(fd.get(), static_cast<off_t>(view.size_bytes())) != 0) {
    throw Failure(system_error(
        fmt::format("cannot make {} {} bytes long", path.string(), view.size_bytes()),
        errno));
  }
  value_or_throw(copy_nonzero(view, touched_extents(recording, cut, device),
                              [&](std::uint64_t at, std::span<const std::byte> bytes) {
                                return write_fully(fd, bytes, at, path);
                              }));
  if (::fsync(fd.get()) != 0) {
    throw Failure(system_error(fmt::format("cannot write {}", path.string()), errno));
  }
  value_or_throw(file.finish());
}

}  // namespace powercut
