// SPDX-License-Identifier: GPL-2.0-only
//
// Guests that are booted. Each boot costs some seconds, so a test case does much with
// one.

#define CATCH_CONFIG_EXTERNAL_INTERFACES

#include "device/guest/guest.h"

#include "device/guest/module_build.h"
#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <signal.h>
#include <stdlib.h>

#include <cstdio>
#include <fstream>
#include <iterator>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

struct Requirements : Catch::TestEventListenerBase {
  using TestEventListenerBase::TestEventListenerBase;

  void testRunStarting(const Catch::TestRunInfo& /*info*/) override {
    const auto skip = [](const Error& error) {
      fmt::print(stderr, "skipped: {}\n", error.message);
      std::exit(77);
    };
    if (const Result<fs::path> qemu = find_program("qemu-system-x86_64"); !qemu) {
      skip(qemu.error());
    }
    if (const Result<KernelChoice> kernel = choose_kernel({}, {}); !kernel) {
      skip(kernel.error());
    }
  }
};

CATCH_REGISTER_LISTENER(Requirements)

GuestOptions plain_options() {
  GuestOptions options;
  options.agent = POWERCUT_PROGRAM;
  options.memory_mib = 256;
  return options;
}

GuestCommand shell(const std::string& script) {
  GuestCommand command;
  command.argv = {"sh", "-c", script};
  command.timeout = seconds(60);
  return command;
}

std::string output_of(Guest& guest, const std::string& script) {
  const GuestRun run = guest.run(shell(script));
  INFO((run.failure ? describe(*run.failure) : run.state.output));
  REQUIRE_FALSE(run.failure);
  CHECK(run.state.code == 0);
  return run.state.output;
}

std::string read_all(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

GuestDisk make_disk(const fs::path& file, std::uint64_t size_bytes) {
  std::ofstream(file).close();
  fs::resize_file(file, size_bytes);
  GuestDisk disk;
  disk.file = file;
  return disk;
}

// A module with a parameter, built in the caller's cache directory.
GuestModule make_module(const ScratchDir& scratch) {
  const fs::path source = scratch / "source";
  fs::create_directories(source);
  std::ofstream(source / "Kbuild") << "obj-m := guesttest.o\n";
  std::ofstream(source / "guesttest.c") << "#include <linux/module.h>\n"
                                           "static int answer;\n"
                                           "module_param(answer, int, 0444);\n"
                                           "MODULE_LICENSE(\"GPL\");\n"
                                           "MODULE_DESCRIPTION(\"test\");\n";
  ::setenv("XDG_CACHE_HOME", (scratch / "cache").c_str(), 1);
  const KernelChoice kernel = value_or_throw(choose_kernel({}, {}));
  const fs::path built =
      value_or_throw(build_module({source, "guesttest"}, kernel.modules));
  const fs::file_time_type time = fs::last_write_time(built);
  CHECK(value_or_throw(build_module({source, "guesttest"}, kernel.modules)) == built);
  CHECK(fs::last_write_time(built) == time);
  std::ofstream(source / "guesttest.c") << "#error this is no C\n";
  const Result<fs::path> broken = build_module({source, "guesttest"}, kernel.modules);
  REQUIRE_FALSE(broken);
  CHECK(broken.error().message.find("this is no C") != std::string::npos);
  return {built, "answer=42"};
}

TEST_CASE("a guest runs many commands in one boot", "[guest]") {
  const ScratchDir scratch;
  const RunDir run_dir = value_or_throw(RunDir::create());
  GuestOptions options = plain_options();
  options.extra_modules = {make_module(scratch)};
  options.disks = {make_disk(scratch / "a", 64 << 20), make_disk(scratch / "b", 1 << 20),
                   make_disk(scratch / "c", 1 << 20)};
  options.disks[0].block_bytes = 4096;
  options.disks[1].read_only = true;
  options.disks[2].serial = "third,disk";
  std::ofstream(scratch / "given") << "a file of the host\n";
  options.files = {{scratch / "given", {}}, {scratch / "given", "/etc/given"}};
  std::string marks;
  options.on_mark = [&](std::string_view text) -> Status {
    marks += fmt::format("{};", text);
    return text == "bad" ? fail(ErrorKind::kSystem, "no such luck") : Status{};
  };
  const Clock::time_point start = Clock::now();
  const std::unique_ptr<Guest> guest = value_or_throw(Guest::start(options, run_dir));
  CHECK(output_of(*guest, "uname -r") == guest->kernel_version() + "\n");
  const std::chrono::duration<double> took = Clock::now() - start;
  fmt::print("boot to the end of the first command: {:.2f} s\n", took.count());

  // exit codes
  CHECK(guest->run(shell("exit 7")).state.code == 7);
  CHECK(guest->run(shell("kill -9 $$")).state.signal == 9);
  GuestCommand absent;
  absent.argv = {"no-such-program"};
  CHECK(guest->run(absent).state.code == 127);
  // output
  GuestCommand noisy = shell("printf '\\377\\000out'; echo err >&2; seq 300000 >&2");
  std::string out;
  std::size_t err_bytes = 0;
  noisy.on_output = [&](int stream, std::string_view bytes) {
    stream == 1 ? static_cast<void>(out += bytes)
                : static_cast<void>(err_bytes += bytes.size());
  };
  REQUIRE(guest->run(noisy).succeeded());
  CHECK(out == std::string("\377\0out", 5));
  CHECK(err_bytes == 1988895 + 4);
  // directory and environment
  GuestCommand placed = shell("pwd; echo \"$NAME\"");
  placed.directory = "/tmp";
  placed.environment = {{"NAME", "a b\nc"}};
  CHECK(guest->run(placed).state.output == "/tmp\na b\nc\n");
  // files and modules
  CHECK(output_of(*guest, "cat /etc/given " + (scratch / "given").native()) ==
        "a file of the host\na file of the host\n");
  CHECK(output_of(*guest, "cat /sys/module/guesttest/parameters/answer") == "42\n");
  // disks
  CHECK(output_of(*guest,
                  "cd /sys/block; cat vda/size vda/queue/logical_block_size "
                  "vdb/ro vdc/serial") == "131072\n4096\n1\nthird,disk");
  CHECK(output_of(*guest,
                  "mkfs.ext4 -q /dev/vda && mount /dev/vda /mnt && "
                  "echo kept >/mnt/f && df /mnt | grep -c vda") == "1\n");
  CHECK(output_of(*guest, "printf raw | dd of=/dev/vdc conv=fsync 2>/dev/null").empty());
  CHECK(read_all(scratch / "c").starts_with("raw"));
  // a command that takes too long, and one that ignores being told
  GuestCommand slow = shell("trap '' TERM; sleep 100; sleep 100");
  slow.timeout = std::chrono::milliseconds(300);
  const GuestRun timed_out = guest->run(slow);
  REQUIRE(timed_out.failure);
  CHECK(timed_out.failure->kind == GuestFailureKind::kTimeout);
  CHECK(timed_out.state.timed_out);
  CHECK(guest->alive());
  // what a command leaves running is ended, and orphans are reaped
  CHECK(output_of(*guest, "sleep 1000 & (sleep 0.01 &) ; echo done") == "done\n");
  CHECK(output_of(*guest,
                  "sleep 0.1; ps=; for p in /proc/[0-9]*/stat; do read -r pid "
                  "name state rest <$p 2>/dev/null && case $name$state in "
                  "*sleep*|*Z) echo $name$state;; esac; done; true")
            .find("Z") == std::string::npos);
  // marks
  CHECK(output_of(*guest, "powercut mark one && powercut mark 'two words'").empty());
  CHECK(guest->run(shell("powercut mark bad")).state.code == 3);
  CHECK(marks == "one;two words;bad;");
  // the end keeps what was written
  CHECK_FALSE(guest->shut_down());
  CHECK_FALSE(guest->alive());
  const GuestRun late = guest->run(shell("true"));
  REQUIRE(late.failure);
  SubprocessOptions debugfs;
  debugfs.argv = {"debugfs", "-R", "cat f", scratch / "a"};
  CHECK(value_or_throw(run_subprocess(debugfs)).output.find("kept") != std::string::npos);
}

TEST_CASE("a panic is a result, with the end of the console", "[guest]") {
  const RunDir run_dir = value_or_throw(RunDir::create());
  const std::unique_ptr<Guest> guest =
      value_or_throw(Guest::start(plain_options(), run_dir));
  const GuestRun run = guest->run(shell("echo c >/proc/sysrq-trigger"));
  REQUIRE(run.failure);
  CHECK(run.failure->kind == GuestFailureKind::kPanic);
  CHECK(run.failure->console_tail.find("Kernel panic") != std::string::npos);
  CHECK_FALSE(guest->alive());
  CHECK(guest->run(shell("true")).failure->kind == GuestFailureKind::kPanic);
}

TEST_CASE("a guest that stands still is told as a hang", "[guest]") {
  const RunDir run_dir = value_or_throw(RunDir::create());
  GuestOptions options = plain_options();
  options.hang_timeout = seconds(2);
  const std::unique_ptr<Guest> guest = value_or_throw(Guest::start(options, run_dir));
  REQUIRE_FALSE(guest->boot());
  REQUIRE(::kill(guest->pid(), SIGSTOP) == 0);
  const Clock::time_point start = Clock::now();
  const GuestRun run = guest->run(shell("sleep 100"));
  REQUIRE(run.failure);
  CHECK(run.failure->kind == GuestFailureKind::kHang);
  CHECK(Clock::now() - start < seconds(10));
  CHECK_FALSE(guest->alive());
}

TEST_CASE("a QEMU that is killed, and a guest that ends itself, are told", "[guest]") {
  const RunDir run_dir = value_or_throw(RunDir::create());
  const std::unique_ptr<Guest> guest =
      value_or_throw(Guest::start(plain_options(), run_dir));
  const std::unique_ptr<Guest> other =
      value_or_throw(Guest::start(plain_options(), run_dir));
  REQUIRE_FALSE(guest->boot());
  ::kill(guest->pid(), SIGKILL);
  CHECK(guest->run(shell("sleep 100")).failure->kind == GuestFailureKind::kQemuDied);
  const GuestRun run = other->run(shell("echo o >/proc/sysrq-trigger; sleep 100"));
  REQUIRE(run.failure);
  CHECK(run.failure->kind == GuestFailureKind::kEnded);
}

TEST_CASE("a guest that does not come up in time is told", "[guest]") {
  const RunDir run_dir = value_or_throw(RunDir::create());
  GuestOptions options = plain_options();
  options.boot_timeout = seconds(1);
  const std::unique_ptr<Guest> guest = value_or_throw(Guest::start(options, run_dir));
  REQUIRE(::kill(guest->pid(), SIGSTOP) == 0);
  CHECK(guest->boot()->kind == GuestFailureKind::kTimeout);
}

TEST_CASE("a module or kernel that cannot be is refused before the boot", "[guest]") {
  const ScratchDir scratch;
  const RunDir run_dir = value_or_throw(RunDir::create());
  const KernelChoice kernel = value_or_throw(choose_kernel({}, {}));
  std::string bytes =
      read_all(value_or_throw(kernel.modules.load_order({"virtio_console"})).back());
  const std::size_t at = bytes.find("vermagic=" + kernel.version);
  REQUIRE(at != std::string::npos);
  bytes[at + 9] = '9';
  std::ofstream(scratch / "other.ko", std::ios::binary) << bytes;
  GuestOptions options = plain_options();
  options.extra_modules = {{scratch / "other.ko", ""}};
  const auto wrong = Guest::start(options, run_dir);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message.find("was built for kernel 9") != std::string::npos);

  options = plain_options();
  options.kernel = scratch / "absent";
  CHECK(Guest::start(options, run_dir).error().kind == ErrorKind::kMissing);
  options.kernel = scratch / "other.ko";
  CHECK(Guest::start(options, run_dir).error().kind == ErrorKind::kBadInput);
  // The right header and then nothing that could run: QEMU starts, the kernel never does.
  std::string image = read_all(kernel.image).substr(0, 0x8000);
  std::ofstream(scratch / "stub", std::ios::binary) << image;
  options.kernel = scratch / "stub";
  options.modules = kernel.modules.directory();
  options.boot_timeout = seconds(3);
  const auto started = Guest::start(options, run_dir);
  if (started) {
    CHECK((*started)->boot());
  }
}

}  // namespace
}  // namespace powercut
