// SPDX-License-Identifier: GPL-2.0-only
//
// States that are mounted in guests. Each boot costs some seconds, so a test case does
// much with one.

#define CATCH_CONFIG_EXTERNAL_INTERFACES

#include "scenarios/guest_mounter.h"

#include "device/disk_server.h"
#include "device/facts.h"
#include "device/mount_namespace.h"
#include "device/served_disk.h"
#include "tests/support/ext4_image.h"
#include "tests/support/faulty_overlay.h"
#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <signal.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <thread>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using test::DiskFault;

struct Requirements : Catch::TestEventListenerBase {
  using TestEventListenerBase::TestEventListenerBase;

  void testRunStarting(const Catch::TestRunInfo& /*info*/) override {
    const auto skip = [](const std::string& reason) {
      fmt::print(stderr, "skipped: {}\n", reason);
      std::exit(77);
    };
    const std::vector<Fact> facts = collect_facts();
    for (const char* name : {"root", "fuse", "mkfs.ext4"}) {
      if (const Fact& fact = find_fact(facts, name); !fact.works) {
        skip(fmt::format("{}: {}", fact.name, fact.detail));
      }
    }
    if (const Result<fs::path> qemu = find_program("qemu-system-x86_64"); !qemu) {
      skip(qemu.error().message);
    }
    if (const Result<KernelChoice> kernel = choose_kernel({}, {}); !kernel) {
      skip(kernel.error().message);
    }
    if (const Status status = enter_private_mount_namespace(); !status) {
      skip(status.error().message);
    }
  }
};

CATCH_REGISTER_LISTENER(Requirements)

// Two states of one disk, and a guest that mounts them.
struct Bench {
  Bench() {
    for (const char* name : {"first", "other"}) {
      fs::create_directory(scratch / name);
      std::ofstream(scratch / name / name) << std::string(6000, name[0]);
      fs::create_symlink("odd\n\377", scratch / name / "link");
      test::make_ext4_image(scratch / (std::string(name) + ".img"), scratch / name);
      states.push_back(test::source_of(scratch / (std::string(name) + ".img")));
    }
    ServedDisk::Options disk_options;
    disk_options.overlay = std::make_unique<test::FaultyOverlay>(fault);
    disk.emplace(states[0], std::move(disk_options));
    server = value_or_throw(DiskServer::start(value_or_throw(run.make_directory("disks")),
                                              run.run_id(), {{"disk0", &*disk}}, {}));
    options.guest.agent = POWERCUT_PROGRAM;
    options.guest.memory_mib = 256;
    options.guest.cpus = 1;
    options.block_bytes =
        4096;  // as ext4 has them, so that no cache is dropped by chance
    options.on_booted = [this] { ++booted; };
  }

  GuestMounter& mounter() {
    if (!made) {
      made.emplace(std::vector<fs::path>{server->path(0)}, run, options);
    }
    return *made;
  }

  MountReport mount(const MountRequest& request) {
    return value_or_throw(mounter().mount(0, request, nullptr));
  }

  const ScratchDir scratch;
  const RunDir run = value_or_throw(RunDir::create());
  DiskFault fault;
  std::vector<std::shared_ptr<const BlockSource>> states;
  std::optional<ServedDisk> disk;
  std::unique_ptr<DiskServer> server;
  GuestMounterOptions options;
  int booted = 0;
  std::optional<GuestMounter> made;  // last: goes first
};

MountRequest request_of(const std::string& type = "ext4") {
  MountRequest request;
  request.type = type;
  return request;
}

bool has(const FileTree& tree, const std::string& path) {
  return std::ranges::find(tree, path, &FileNode::path) != tree.end();
}

std::string explained(const MountReport& report) {
  return fmt::format("errno {}\n{}\n{}\n{}\n{}", report.mount_errno,
                     fmt::join(report.problems, "\n"),
                     fmt::join(report.kernel_messages, "\n"),
                     report.machine_failure.value_or(""), report.console_tail);
}

TEST_CASE("a guest mounts many states, each as it is", "[guest][guest_mounter]") {
  Bench bench;
  CHECK(bench.mounter().place() == "guest");
  MountRequest request = request_of();
  request.use = true;
  request.data_unit_bytes = 4096;
  std::array<std::string, 2> digests;
  for (std::size_t turn = 0; turn < 40; ++turn) {
    bench.disk->reset(bench.states[turn % 2]);
    std::vector<std::size_t> units;
    std::vector<std::uint64_t> reads;
    const MountReport report =
        value_or_throw(bench.mounter().mount(0, request, [&](std::size_t unit) {
          units.push_back(unit);
          reads.push_back(bench.disk->counters().reads);
        }));
    INFO(explained(report));
    REQUIRE(report.sound());
    CHECK(has(report.tree, "/first") == (turn % 2 == 0));
    CHECK(has(report.tree, "/other") == (turn % 2 == 1));
    CHECK(report.kernel_messages.empty());
    REQUIRE(report.data.size() == 2);
    CHECK(units == std::vector<std::size_t>{0, 1});
    CHECK(reads[1] == reads[0] + 1);  // the data, and nothing else
    const std::string digest = digest_of(report.tree) + report.data[0].digest;
    CHECK((turn < 2 || digests[turn % 2] == digest));
    digests[turn % 2] = digest;
    // The guest's kernel caches the device as it is now, and somebody has it open, so
    // that the cache does not go with its last user. In a process group of its own what
    // a command leaves running stays.
    GuestCommand look;
    look.argv = {"bash", "-c",
                 turn == 0 ? "set -m; sleep 1000 </dev/vda & cat /dev/vda >/dev/null"
                           : "cat /dev/vda >/dev/null"};
    CHECK((turn > 4 || bench.mounter().guest()->run(look).succeeded()));
  }
  CHECK(digests[0] != digests[1]);
  CHECK(bench.mounter().boots() == 1);
  CHECK(bench.booted == 1);
  CHECK(bench.mounter().place().starts_with("guest, Linux "));

  // What is wrong with a file system is told as it is here, and the guest lives on.
  bench.disk->reset(nullptr);
  const MountReport zeros = bench.mount(request);
  CHECK(zeros.mount_errno == EINVAL);
  CHECK(explained(zeros).find("(<disk>)") != std::string::npos);
  bench.disk->reset(bench.states[0]);
  CHECK(bench.mount(request).sound());
  const Result<MountReport> unknown =
      bench.mounter().mount(0, request_of("nosuchfs"), nullptr);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().kind == ErrorKind::kMissing);
  CHECK(unknown.error().hint.find("--kernel") != std::string::npos);
  CHECK(bench.mounter().boots() == 1);
}

TEST_CASE("a kernel that panics of a state, and a QEMU that dies, are told and replaced",
          "[guest][guest_mounter]") {
  Bench bench;
  // A directory whose inode points to a block of another content: met by the walk.
  const fs::path image = bench.scratch / "panics.img";
  fs::create_directories(bench.scratch / "content/d");
  test::make_ext4_image(image, bench.scratch / "content");
  test::run_tool({"tune2fs", "-e", "panic", image});
  test::change_ext4_image(image, "set_inode_field /d links_count 0");
  bench.disk->reset(test::source_of(image));
  CHECK(bench.mount(request_of()).machine_failure);  // the first boot, too
  bench.disk->reset(bench.states[0]);
  const MountReport sound = bench.mount(request_of());
  INFO(explained(sound));
  CHECK(sound.sound());
  bench.disk->reset(test::source_of(image));
  const MountReport dead = bench.mount(request_of());
  REQUIRE(dead.machine_failure);
  CHECK_FALSE(dead.sound());
  CHECK(dead.machine_failure->find("panic") != std::string::npos);
  CHECK(dead.console_tail.find("Kernel panic - not syncing: EXT4-fs") !=
        std::string::npos);
  bench.disk->reset(bench.states[1]);
  CHECK(bench.mount(request_of()).sound());
  CHECK(bench.mounter().boots() == 3);

  REQUIRE(::kill(bench.mounter().guest()->pid(), SIGKILL) == 0);
  const MountReport killed = bench.mount(request_of());
  REQUIRE(killed.machine_failure);
  CHECK(killed.machine_failure->find("QEMU died") != std::string::npos);
  CHECK(bench.mount(request_of()).sound());
}

TEST_CASE("a disk that stops answering, or is lost, does not stop us",
          "[guest][guest_mounter]") {
  Bench bench;
  MountRequest request = request_of();
  request.data_unit_bytes = 4096;
  CHECK(bench.mount(request).sound());
  // lost
  const MountReport lost =
      value_or_throw(bench.mounter().mount(0, request, [&](std::size_t unit) {
        bench.fault.set(unit == 1 ? DiskFault::Kind::kFails : DiskFault::Kind::kNone);
      }));
  INFO(explained(lost));
  REQUIRE(lost.data.size() == 2);
  CHECK(lost.data[0].error == 0);
  CHECK(lost.data[1].error == EIO);
  bench.fault.set(DiskFault::Kind::kFails);
  const MountReport dead = bench.mount(request_of());
  CHECK(dead.mount_errno != 0);
  CHECK_FALSE(dead.machine_failure);
  bench.fault.set(DiskFault::Kind::kNone);
  bench.disk->reset(bench.states[0]);
  CHECK(bench.mount(request).sound());
  CHECK(bench.mounter().boots() == 1);
  // hangs
  bench.fault.set(DiskFault::Kind::kHangs);
  request.timeout = 2s;
  const Clock::time_point start = Clock::now();
  const MountReport hung = bench.mount(request);
  REQUIRE(hung.machine_failure);
  CHECK(hung.machine_failure->find("within 2 s") != std::string::npos);
  INFO(hung.console_tail);
  CHECK(hung.console_tail.find("state:D") !=
        std::string::npos);  // who waits, with a stack
  CHECK_FALSE(hung.timed_out);
  const Result<MountReport> stuck = bench.mounter().mount(0, request, nullptr);
  REQUIRE_FALSE(stuck);
  CHECK(stuck.error().message.find("does not answer") != std::string::npos);
  CHECK(Clock::now() - start < 40s);
  bench.fault.set(DiskFault::Kind::kNone);
  bench.disk->reset(bench.states[1]);
  request.timeout = 60s;
  const MountReport again = bench.mount(request);
  INFO(explained(again));
  CHECK(again.sound());
  CHECK(bench.mounter().boots() == 2);
}

TEST_CASE("other file systems than ext4 are mounted, used and read",
          "[guest][guest_mounter]") {
  Bench bench;
  ServedDisk disk(std::uint64_t{320} << 20, nullptr, {});
  const std::unique_ptr<DiskServer> server =
      value_or_throw(DiskServer::start(value_or_throw(bench.run.make_directory("large")),
                                       bench.run.run_id(), {{"disk0", &disk}}, {}));
  GuestMounter mounter({server->path(0)}, bench.run, bench.options);
  for (const std::string type : {"xfs", "btrfs", "vfat"}) {
    CAPTURE(type);
    const std::string mkfs = "mkfs." + type;
    if (!find_program(mkfs)) {
      WARN("not tried: " << mkfs << " is not here");
      continue;
    }
    disk.reset(nullptr);
    std::vector<std::string> argv = {mkfs, server->path(0)};
    if (type == "vfat") {  // sectors as large as the disk's blocks
      argv.insert(argv.begin() + 1, {"-S", "4096"});
    } else if (type == "xfs") {
      argv.insert(argv.begin() + 1, {"-s", "size=4096"});
    }
    test::run_tool(argv);
    MountRequest request = request_of(type);
    request.use = true;
    request.data_unit_bytes = 4096;
    const MountReport empty = value_or_throw(mounter.mount(0, request, nullptr));
    INFO(explained(empty));
    REQUIRE(empty.sound());
    GuestCommand fill;
    fill.argv = {"sh", "-c",
                 "mount -t " + type +
                     " /dev/vda /mnt && mkdir /mnt/d && seq 3000 >/mnt/d/f && "
                     "ln -s f /mnt/d/l; umount /mnt"};
    REQUIRE(mounter.guest()->run(fill).succeeded());
    for (int turn = 0; turn < 2; ++turn) {
      const MountReport report = value_or_throw(mounter.mount(0, request, nullptr));
      INFO(explained(report));
      REQUIRE(report.sound());
      CHECK(has(report.tree, "/d/f"));
      CHECK(has(report.tree, "/d/l") == (type != "vfat"));
      REQUIRE(report.data.size() == 4);
      CHECK(report.data[3].offset_bytes == 12288);
      CHECK(report.data[3].error == 0);
      CHECK(report.data[0].digest == "da741b442214a01d");
    }
  }
  CHECK(mounter.boots() == 1);
}

TEST_CASE("what a script leaves in a guest is gone when the next one runs there",
          "[guest][guest_mounter]") {
  Bench bench;
  bench.options.guest.programs = {"losetup", "dmsetup", "truncate"};
  bench.options.guest.load = {"dm-mod"};
  ScriptRequest request;
  request.disk_names = {"disk"};
  const auto run = [&](const std::string& text) {
    request.text = text;
    return value_or_throw(bench.mounter().run_script(request, [](std::size_t) {}));
  };
  const ScriptReport first =
      run("dmsetup create left --table \"0 128 linear $disk 0\"\n"
          "mkdir -p /mnt && mount -t tmpfs none /mnt\n"
          "truncate -s 1M /mnt/image && losetup -f /mnt/image\n"
          "mount -t ext4 -o ro,noload /dev/mapper/left /mnt 2>/dev/null || true\n"
          "dmsetup ls | grep left; losetup -a | grep -o /mnt/image; grep -o ' /mnt ' "
          "/proc/mounts; echo >/here\n");
  INFO(first.parts.at(0).output);
  REQUIRE(first.code == 0);
  CHECK(first.left.empty());
  const ScriptReport second =
      run("dmsetup ls; losetup -a; grep /mnt /proc/mounts || true; ls /here\n");
  CHECK(second.parts.at(0).output == "No devices found\n/here\n");
  CHECK(bench.booted == 1);
}

TEST_CASE("a guest lives on when the thread that booted it has ended",
          "[guest][guest_mounter]") {
  Bench bench;
  std::thread([&] { CHECK(bench.mount(request_of()).sound()); }).join();
  std::thread([&] { CHECK(bench.mount(request_of()).sound()); }).join();
  CHECK(bench.mounter().boots() == 1);
}

TEST_CASE("a guest that cannot be is an error, before it is booted or when it fails",
          "[guest][guest_mounter]") {
  const KernelChoice kernel = value_or_throw(choose_kernel({}, {}));
  Bench bench;
  if (!kernel.modules.has("f2fs")) {
    const Result<MountReport> absent =
        bench.mounter().mount(0, request_of("f2fs"), nullptr);
    REQUIRE_FALSE(absent);
    CHECK(absent.error().kind == ErrorKind::kMissing);
    CHECK(absent.error().message.find("cannot mount f2fs") != std::string::npos);
    CHECK(absent.error().hint.find("--kernel") != std::string::npos);
    CHECK(bench.mounter().boots() == 0);
    CHECK(bench.mount(request_of()).sound());
  }
  Bench other;
  other.options.guest.boot_timeout = 1s;
  other.options.guest.memory_mib = 40;  // too small for the initramfs
  const Result<MountReport> dead = other.mounter().mount(0, request_of(), nullptr);
  REQUIRE_FALSE(dead);
  CHECK(dead.error().message.find("no state can be mounted in a guest") !=
        std::string::npos);
}

}  // namespace
}  // namespace powercut
