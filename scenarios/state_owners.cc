// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/state_owners.h"

#include "base/fd.h"
#include "base/image_source.h"
#include "checkers/image_owners.h"
#include "device/run_dir.h"
#include "replay/materialize.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace powercut {

namespace {

Result<std::unique_ptr<const BlockOwners>> recovered_owners(const Recording& recording,
                                                            const BlockSource& view,
                                                            Cut cut,
                                                            std::uint16_t device) {
  PC_ASSIGN_OR_RETURN(const RunDir run_dir, RunDir::create());
  const std::filesystem::path path = run_dir.path() / "image";
  PC_RETURN_IF_ERROR(write_image(recording, view, cut, device, path));
  PC_RETURN_IF_ERROR(replay_ext4_journal(path));
  PC_ASSIGN_OR_RETURN(const auto image, ImageSource::open(path));
  return read_block_owners(*image);
}

Result<std::unique_ptr<const BlockOwners>> owners_by_program(const Recording& recording,
                                                             const BlockSource& view,
                                                             Cut cut,
                                                             std::uint16_t device) {
  PC_ASSIGN_OR_RETURN(const RunDir run_dir, RunDir::create());
  const std::filesystem::path path = run_dir.path() / "image";
  PC_RETURN_IF_ERROR(write_image(recording, view, cut, device, path));
  return read_block_owners_of_image(path, run_dir.path());
}

}  // namespace

Status write_image(const Recording& recording, const BlockSource& view, Cut cut,
                   std::uint16_t device, const std::filesystem::path& path) {
  PC_ASSIGN_OR_RETURN(const Fd fd, Fd::open(path, O_WRONLY | O_CREAT | O_TRUNC));
  if (::ftruncate(fd.get(), static_cast<off_t>(view.size_bytes())) != 0) {
    return fail(system_error(
        fmt::format("cannot make {} {} bytes long", path.native(), view.size_bytes()),
        errno));
  }
  return copy_nonzero(view, touched_extents(recording, cut, device),
                      [&](std::uint64_t at, std::span<const std::byte> bytes) {
                        return write_fully(fd, bytes, at, path);
                      });
}

Result<std::unique_ptr<const BlockOwners>> owners_of_state(
    const Recording& recording, const BlockSource& view, Cut cut, std::uint16_t device,
    std::vector<std::string>& notes) {
  std::unique_ptr<const BlockOwners> owners;
  if (owners_need_image(view)) {
    PC_ASSIGN_OR_RETURN(owners, owners_by_program(recording, view, cut, device));
  } else {
    owners = read_block_owners(view);
  }
  if (owners->needs_recovery()) {
    Result<std::unique_ptr<const BlockOwners>> recovered =
        recovered_owners(recording, view, cut, device);
    if (recovered) {
      owners = std::move(*recovered);
    } else if (recovered.error().kind == ErrorKind::kInterrupted) {
      return fail(recovered.error());
    } else {
      notes.push_back(
          fmt::format("what lies where is told without the file system's journal: {}",
                      recovered.error().message));
    }
  }
  for (const std::string& note : owners->notes()) {
    notes.push_back(note);
  }
  return owners;
}

}  // namespace powercut
