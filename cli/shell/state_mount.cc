// SPDX-License-Identifier: GPL-2.0-only

#include "cli/shell/state_mount.h"

#include "replay/state_view.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <string_view>

namespace powercut {

namespace {

struct Magic {
  std::uint64_t offset_bytes;
  std::string_view bytes;
  const char* type;
};

using namespace std::string_view_literals;

constexpr std::array<Magic, 6> kMagics = {{
    {1024 + 56, "\x53\xef"sv, "ext4"},
    {0, "XFSB"sv, "xfs"},
    {65536 + 64, "_BHRfS_M"sv, "btrfs"},
    {1024, "\x10\x20\xf5\xf2"sv, "f2fs"},
    {54, "FAT1"sv, "vfat"},
    {82, "FAT32"sv, "vfat"},
}};

// The calling thread alone goes over; what it starts is there too.
void join_namespace(const Fd& others) {
  if (::unshare(CLONE_FS) != 0 || ::setns(others.get(), CLONE_NEWNS) != 0) {
    throw Failure(system_error("cannot mount where others see it", errno));
  }
}

// In the thread; what it throws goes to the caller.
void run_in(LastingThread& thread, const std::function<void()>& call) {
  std::exception_ptr thrown;
  thread.run([&] {
    try {
      call();
    } catch (...) {
      thrown = std::current_exception();
    }
  });
  if (thrown) {
    std::rethrow_exception(thrown);
  }
}

}  // namespace

std::string file_system_on(const BlockSource& disk) {
  for (const Magic& magic : kMagics) {
    std::array<std::byte, 8> bytes{};
    const std::size_t length = magic.bytes.size();
    if (magic.offset_bytes + length > disk.size_bytes()) {
      continue;
    }
    disk.read(magic.offset_bytes, std::span(bytes).first(length));
    if (std::memcmp(bytes.data(), magic.bytes.data(), length) == 0) {
      return magic.type;
    }
  }
  return "";
}

StateMount::StateMount(const CrashState& state, const RunDir& run_dir, const Fd& others,
                       const StateMountOptions& options)
    : thread_(std::make_unique<LastingThread>()) {
  try {
    run_in(*thread_, [&] {
      if (others.valid()) {
        join_namespace(others);
      }
      start(state, run_dir, options);
    });
  } catch (...) {
    [[maybe_unused]] const Status ignored = stop();
    throw;
  }
}

StateMount::~StateMount() {
  [[maybe_unused]] const Status ignored = stop();
}

void StateMount::start(const CrashState& state, const RunDir& run_dir,
                       const StateMountOptions& options) {
  const std::uint16_t devices =
      static_cast<std::uint16_t>(state.space->recording().device_count());
  std::vector<DiskFile> files;
  for (std::uint16_t d = 0; d < devices; ++d) {
    disks_.push_back(std::make_unique<ServedDisk>(
        std::make_shared<const StateView>(state, d), ServedDisk::Options{}));
    files.push_back(DiskFile{fmt::format("disk{}", d), disks_.back().get()});
  }
  const std::filesystem::path mountpoint = run_dir.path() / "disks";
  std::error_code ignored;
  std::filesystem::create_directory(mountpoint, ignored);
  server_ = value_or_throw(
      DiskServer::start(mountpoint, run_dir.run_id(), files, DiskServer::Options{}));
  for (std::size_t d = 0; d < files.size(); ++d) {
    files_.push_back(server_->path(d));
  }
  if (::geteuid() != 0) {
    return;
  }
  StateMountOptions wanted = options;
  if (wanted.directory.empty()) {
    own_directory_ = run_dir.path() / "mnt";
    std::filesystem::create_directory(own_directory_, ignored);
    wanted.directory = own_directory_;
  }
  guard_ = value_or_throw(ConnectionGuard::start(mountpoint, wanted.directory));
  mount(state, wanted);
}

void StateMount::mount(const CrashState& state, const StateMountOptions& options) {
  const Recording& recording = state.space->recording();
  const std::string type = options.type.empty()
                               ? file_system_on(StateView(state, options.device))
                               : options.type;
  if (type.empty()) {
    throw Failure(Error{ErrorKind::kUsage,
                        "no file system that is known by its superblock is on this disk",
                        "mount DIR TYPE says which it is"});
  }
  const Fd file = value_or_throw(Fd::open(files_[options.device], O_RDWR | O_DIRECT));
  LoopDevice::Options loop;
  loop.block_bytes = recording.timeline().devices()[options.device].logical_block_bytes;
  loop.direct_io = true;
  loop_ = value_or_throw(LoopDevice::attach(file, loop));
  mount_ = value_or_throw(
      Mount::mount({loop_->path(), options.directory, type, options.options}));
  mounted_at_ = options.directory;
}

Status StateMount::stop() {
  if (!thread_) {
    return {};
  }
  Status status;
  const auto note = [&](Status one) {
    if (status && !one) {
      status = std::move(one);
    }
  };
  thread_->run([&] {
    if (mount_) {
      note(mount_->unmount());
      mount_.reset();
    }
    if (loop_) {
      note(loop_->detach());
      loop_.reset();
    }
    if (server_) {
      note(server_->stop());
      server_.reset();
    }
    guard_.reset();
  });
  thread_.reset();
  disks_.clear();
  std::error_code ignored;
  if (!own_directory_.empty()) {
    std::filesystem::remove(own_directory_, ignored);
  }
  return status;
}

}  // namespace powercut
