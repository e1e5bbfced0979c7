// SPDX-License-Identifier: GPL-2.0-only
//
// How long it takes to have a crash state of ext4 mounted, walked and unmounted: here, or
// in an emulated guest.
//
//   mount_bench here 200
//   mount_bench guest 1000 POWERCUT [use] [data]
//
// The states need a recovery: each was taken from under a mounted file system of 64 MiB
// with some fifty files, after a sync. POWERCUT is the program that is the guest's agent.
// Root only. Prints the times, and of a guest how its memory goes.

#include "device/disk_server.h"
#include "device/loop_device.h"
#include "device/mount.h"
#include "device/mount_namespace.h"
#include "device/served_disk.h"
#include "scenarios/guest_mounter.h"
#include "scenarios/here_mounter.h"

#include <fmt/format.h>

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <fstream>
#include <string_view>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr std::uint64_t kSize = 64 << 20;
constexpr std::size_t kEnd = 100;  // visits at each end that are compared

class CopiedState : public BlockSource {
 public:
  explicit CopiedState(ServedDisk& disk) : bytes_(disk.size_bytes()) {
    constexpr std::size_t kStep = 1 << 20;
    for (std::size_t at = 0; at < bytes_.size(); at += kStep) {
      if (disk.read(at, std::span(bytes_).subspan(at, kStep)) != 0) {
        throw Failure(Error{ErrorKind::kSystem, "cannot copy a state", {}});
      }
    }
  }

  std::uint64_t size_bytes() const override { return bytes_.size(); }

  void read(std::uint64_t offset_bytes, std::span<std::byte> out) const override {
    std::memcpy(out.data(), bytes_.data() + offset_bytes, out.size());
  }

 private:
  std::vector<std::byte> bytes_;
};

// What the disk holds after some files were made, with the file system still mounted.
std::shared_ptr<const BlockSource> make_state(ServedDisk& disk, const fs::path& file,
                                              const fs::path& mountpoint, int variant) {
  SubprocessOptions mkfs;
  mkfs.argv = {"mkfs.ext4", "-q", "-F", file};
  if (!value_or_throw(run_subprocess(mkfs)).succeeded()) {
    throw Failure(Error{ErrorKind::kSystem, "mkfs.ext4 failed", {}});
  }
  const Fd fd = value_or_throw(Fd::open(file, O_RDWR | O_DIRECT));
  const LoopDevice loop = value_or_throw(LoopDevice::attach(fd, {512, true}));
  const Mount mount =
      value_or_throw(Mount::mount({loop.path(), mountpoint, "ext4", "discard"}));
  for (int i = 0; i < 50; ++i) {
    const fs::path directory = mountpoint / fmt::format("d{}", i % 5);
    fs::create_directories(directory);
    std::ofstream(directory / fmt::format("f{}-{}", i, variant))
        << std::string(static_cast<std::size_t>(i) * 400, 'x');
  }
  value_or_throw(mount.sync());
  return std::make_shared<CopiedState>(disk);
}

std::string memory_of(Guest* guest) {
  GuestCommand command;
  command.argv = {"grep", "MemAvailable", "/proc/meminfo"};
  const GuestRun run = guest->run(command);
  return run.state.output.substr(0, run.state.output.find('\n'));
}

double median(std::vector<double> times) {
  std::ranges::sort(times);
  return times.empty() ? 0 : times[times.size() / 2];
}

void print_times(const std::vector<double>& times) {
  std::vector<double> sorted = times;
  std::ranges::sort(sorted);
  const auto at = [&](double part) {
    return sorted[static_cast<std::size_t>(part *
                                           static_cast<double>(sorted.size() - 1))];
  };
  fmt::print("{} visits: median {:.2f} ms, 90 % {:.2f} ms, longest {:.2f} ms\n",
             times.size(), at(0.5), at(0.9), at(1));
  if (times.size() >= 2 * kEnd) {
    const auto end = static_cast<std::ptrdiff_t>(kEnd);
    const double first = median({times.begin(), times.begin() + end});
    const double last = median({times.end() - end, times.end()});
    fmt::print("median of the first {}: {:.2f} ms, of the last: {:.2f} ms ({:+.1f} %)\n",
               kEnd, first, last, (last / first - 1) * 100);
  }
}

struct Wanted {
  bool in_guest = false;
  std::size_t visits = 0;
  fs::path agent;
  MountRequest request;
};

std::unique_ptr<Mounter> make_mounter(const Wanted& wanted, const fs::path& file,
                                      const RunDir& run) {
  if (!wanted.in_guest) {
    return value_or_throw(HereMounter::create({file}, run, {}));
  }
  GuestMounterOptions options;
  options.guest.agent = wanted.agent;
  options.guest.cpus = 1;
  return std::make_unique<GuestMounter>(std::vector<fs::path>{file}, run, options);
}

void measure(const Wanted& wanted) {
  const RunDir run = value_or_throw(RunDir::create());
  ServedDisk disk(kSize, nullptr, {});
  DiskServer::Options serve;
  serve.threads = 1;
  const std::unique_ptr<DiskServer> server =
      value_or_throw(DiskServer::start(value_or_throw(run.make_directory("disks")),
                                       run.run_id(), {{"disk0", &disk}}, serve));
  const fs::path mountpoint = value_or_throw(run.make_directory("making"));
  std::array<std::shared_ptr<const BlockSource>, 2> states;
  for (int i = 0; i < 2; ++i) {
    disk.reset(nullptr);
    states[static_cast<std::size_t>(i)] =
        make_state(disk, server->path(0), mountpoint, i);
  }
  const std::unique_ptr<Mounter> mounter = make_mounter(wanted, server->path(0), run);
  GuestMounter* guest = dynamic_cast<GuestMounter*>(mounter.get());
  std::vector<double> times;
  for (std::size_t i = 0; i <= wanted.visits; ++i) {
    disk.reset(states[i % 2]);
    const Clock::time_point start = Clock::now();
    const MountReport report =
        value_or_throw(mounter->mount(0, wanted.request, [](std::size_t) {}));
    const Milliseconds took = Clock::now() - start;
    if (!report.sound() || report.tree.size() != 57) {
      throw Failure(
          Error{ErrorKind::kSystem, "a state was not mounted as it should", {}});
    }
    if (i == 0) {  // has to attach a loop, or to boot
      fmt::print("first: {:.0f} ms, {}\n", took.count(), mounter->place());
    } else {
      times.push_back(took.count());
    }
    if (guest != nullptr && (i == 0 || i == kEnd || i == wanted.visits)) {
      fmt::print("after {} visits: {}\n", i + 1, memory_of(guest->guest()));
    }
  }
  print_times(times);
}

}  // namespace
}  // namespace powercut

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  if (words.size() < 2 || (words[0] == "guest" && words.size() < 3)) {
    fmt::print(stderr,
               "usage: mount_bench here VISITS [use] [data]\n"
               "       mount_bench guest VISITS POWERCUT [use] [data]\n");
    return 2;
  }
  powercut::Wanted wanted;
  wanted.in_guest = words[0] == "guest";
  wanted.visits = std::stoul(words[1]);
  wanted.agent = wanted.in_guest ? std::filesystem::absolute(words[2]) : "";
  wanted.request.type = "ext4";
  wanted.request.use = std::ranges::count(words, "use") > 0;
  wanted.request.data_unit_bytes = std::ranges::count(words, "data") > 0 ? 4096 : 0;
  try {
    powercut::value_or_throw(powercut::enter_private_mount_namespace());
    powercut::measure(wanted);
  } catch (const powercut::Failure& failure) {
    fmt::print(stderr, "{}\n", failure.what());
    return 1;
  }
  return 0;
}
