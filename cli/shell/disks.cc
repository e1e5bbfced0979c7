// SPDX-License-Identifier: GPL-2.0-only

#include "cli/shell/disks.h"

#include "base/ensure.h"
#include "checkers/image_owners.h"
#include "device/disk_server.h"
#include "device/served_disk.h"
#include "replay/state_view.h"

#include <fmt/format.h>

#include <utility>

namespace powercut {

namespace {

constexpr std::size_t kMostKept = 4;

// A served disk with what a program wrote to it, read without its server.
class RecoveredSource : public BlockSource {
 public:
  explicit RecoveredSource(const std::shared_ptr<const BlockSource>& view)
      : disk_(std::make_unique<ServedDisk>(view, ServedDisk::Options{})) {}

  ServedDisk& disk() { return *disk_; }

  std::uint64_t size_bytes() const override { return disk_->size_bytes(); }

  void read(std::uint64_t offset_bytes, std::span<std::byte> out) const override {
    PC_ENSURE(disk_->read(offset_bytes, out) == 0, "a view and memory can be read");
  }

 private:
  std::unique_ptr<ServedDisk> disk_;
};

}  // namespace

StateFiles::StateFiles(std::shared_ptr<const BlockSource> from)
    : source(std::move(from)) {
  subject.read = [this](std::size_t /*disk*/, std::uint64_t offset_bytes,
                        std::span<std::byte> out) -> Status {
    source->read(offset_bytes, out);
    return {};
  };
  subject.size_bytes = [this](std::size_t /*disk*/) { return source->size_bytes(); };
  Result<std::unique_ptr<Ext2Disk>> opened = Ext2Disk::open(subject, 0);
  if (!opened) {
    throw Failure(Error{
        ErrorKind::kUsage,
        fmt::format("no ext2, ext3 or ext4 in this state: {}", opened.error().message),
        "`mount` has the kernel look at any file system"});
  }
  disk = std::move(*opened);
}

const RunDir& ShellDisks::run_dir() {
  if (!run_dir_) {
    run_dir_ = value_or_throw(RunDir::create());
  }
  return *run_dir_;
}

// Shows a view to programs as a file: what they do not read is never copied, whatever the
// size. The source has what they wrote too.
std::shared_ptr<const BlockSource> ShellDisks::served(
    const std::shared_ptr<const BlockSource>& view,
    const std::function<void(const std::filesystem::path&)>& use) {
  const std::filesystem::path mountpoint =
      value_or_throw(run_dir().make_directory(fmt::format("served{}", served_++)));
  std::shared_ptr<RecoveredSource> source = std::make_shared<RecoveredSource>(view);
  DiskServer::Options options;
  options.threads = 1;
  const std::unique_ptr<DiskServer> server = value_or_throw(DiskServer::start(
      mountpoint, run_dir().run_id(), {DiskFile{"disk", &source->disk()}}, options));
  use(server->path(0));
  value_or_throw(server->stop());
  return source;
}

std::shared_ptr<const BlockSource> ShellDisks::recovered(
    const std::shared_ptr<const BlockSource>& view) {
  return served(view, [](const std::filesystem::path& file) {
    value_or_throw(replay_ext4_journal(file));
  });
}

std::shared_ptr<const BlockOwners> ShellDisks::owners_by_program(
    const std::shared_ptr<const BlockSource>& view) {
  std::shared_ptr<const BlockOwners> owners;
  served(view, [&](const std::filesystem::path& file) {
    owners = value_or_throw(read_block_owners_of_image(file, run_dir().path()));
  });
  return owners;
}

std::shared_ptr<const StateFiles> ShellDisks::files(const CrashState& state,
                                                    std::uint16_t device, bool raw) {
  const std::string key = fmt::format("{} {} {}", state.id(), device, raw);
  for (const KnownFiles& known : files_) {
    if (known.key == key) {
      return known.files;
    }
  }
  const auto view = std::make_shared<const StateView>(state, device);
  auto files = std::make_shared<const StateFiles>(view);
  if (!raw && ext2_needs_recovery(*files->disk)) {
    try {
      files = std::make_shared<const StateFiles>(recovered(view));
    } catch (const Failure& failure) {
      Error error = failure.error();
      error.hint = error.hint.empty() ? "--raw shows what is there without the journal"
                                      : error.hint;
      throw Failure(std::move(error));
    }
  }
  files_.push_front({key, files});
  files_.resize(std::min(files_.size(), kMostKept));
  return files;
}

std::shared_ptr<const BlockOwners> ShellDisks::owners(
    const std::shared_ptr<const Recording>& recording, Cut cut, std::uint16_t device,
    std::string& note) {
  const std::string key = fmt::format("{} {}", cut, device);
  for (const KnownOwners& known : owners_) {
    if (known.key == key) {
      note = known.note;
      return known.owners;
    }
  }
  const std::shared_ptr<const StateView> view = linear_view(recording, cut, device);
  std::shared_ptr<const BlockOwners> owners = read_block_owners(*view);
  const bool by_program = owners_need_image(*view);
  try {
    if (by_program) {
      owners = owners_by_program(view);
      note = fmt::format("{}", fmt::join(owners->notes(), "; "));
    } else if (owners->needs_recovery()) {
      owners = read_block_owners(*recovered(view));
    }
  } catch (const Failure& failure) {
    if (failure.error().kind == ErrorKind::kInterrupted) {
      throw;
    }
    note = fmt::format("owners are told without {}: {}",
                       by_program ? "a program" : "the journal", failure.error().message);
  }
  owners_.push_front({key, owners, note});
  owners_.resize(std::min(owners_.size(), kMostKept));
  return owners;
}

}  // namespace powercut
