// SPDX-License-Identifier: GPL-2.0-only
//
// Serves the ext4 image that it is given, has it mounted here, and stops in the midst of
// that: "unit" when a unit of data is to be read, "disk" with a request that the disk
// does not answer. Writes the path of the served file to descriptor 0, and waits to be
// killed.

#include "device/disk_server.h"
#include "device/served_disk.h"
#include "scenarios/here_mounter.h"
#include "tests/support/ext4_image.h"
#include "tests/support/faulty_overlay.h"

#include <unistd.h>

#include <cstdio>
#include <string_view>
#include <thread>

namespace powercut {
namespace {

using test::DiskFault;

void tell(const std::filesystem::path& path) {
  if (::write(STDIN_FILENO, path.c_str(), path.native().size()) > 0) {
    ::close(STDIN_FILENO);
  }
}

void hold(const std::filesystem::path& image, bool at_unit) {
  DiskFault fault;
  const RunDir run = value_or_throw(RunDir::create());
  ServedDisk::Options options;
  options.overlay = std::make_unique<test::FaultyOverlay>(fault);
  ServedDisk disk(test::source_of(image), std::move(options));
  const std::unique_ptr<DiskServer> server = value_or_throw(DiskServer::start(
      value_or_throw(run.make_directory("disks")), run.run_id(), {{"disk0", &disk}}, {}));
  const std::unique_ptr<HereMounter> mounter =
      value_or_throw(HereMounter::create({server->path(0)}, run, {}));
  std::thread teller;
  MountRequest request;
  request.type = "ext4";
  request.data_unit_bytes = 4096;
  value_or_throw(mounter->mount(0, request, [&](std::size_t) {
    if (at_unit) {
      tell(server->path(0));
      ::pause();
    }
    fault.set(DiskFault::Kind::kHangs);
    teller = std::thread([&] {
      fault.wait_for_request();
      tell(server->path(0));
    });
  }));
}

}  // namespace
}  // namespace powercut

int main(int count, char** arguments) {
  if (count != 3) {
    return 2;
  }
  try {
    powercut::hold(arguments[2], std::string_view(arguments[1]) == "unit");
  } catch (const powercut::Failure& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
  }
  return 1;
}
