// SPDX-License-Identifier: GPL-2.0-only
//
// Holds all that a run can hold (run directory, disk server, loop, mounted ext4), writes
// the path of its run directory to descriptor 0, and waits to be killed.

#include "base/subprocess.h"
#include "device/disk_server.h"
#include "device/loop_device.h"
#include "device/mount.h"
#include "device/run_dir.h"
#include "device/served_disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

namespace powercut {
namespace {

constexpr std::uint64_t kSize = 8 << 20;

void hold() {
  const RunDir run = value_or_throw(RunDir::create());
  ServedDisk disk(kSize, nullptr, {});
  const std::unique_ptr<DiskServer> server = value_or_throw(DiskServer::start(
      value_or_throw(run.make_directory("disks")), run.run_id(), {{"disk0", &disk}}, {}));
  SubprocessOptions mkfs;
  mkfs.argv = {"mkfs.ext4", "-q", server->path(0)};
  value_or_throw(run_subprocess(mkfs));
  const LoopDevice loop = value_or_throw(
      LoopDevice::attach(value_or_throw(Fd::open(server->path(0), O_RDWR)), {}));
  const Mount mount = value_or_throw(
      Mount::mount({loop.path(), value_or_throw(run.make_directory("mnt")), "ext4", ""}));
  const std::string& path = run.path().native();
  if (::write(STDIN_FILENO, path.data(), path.size()) > 0) {
    ::close(STDIN_FILENO);
    ::pause();
  }
}

}  // namespace
}  // namespace powercut

int main() {
  try {
    powercut::hold();
  } catch (const powercut::Failure& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
  }
  return 1;
}
