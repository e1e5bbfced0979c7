// SPDX-License-Identifier: GPL-2.0-only
//
// Parts of a guest that need no guest: programs and their libraries, the channel, what a
// console says, what was found about KVM.

#include "device/guest/accel.h"
#include "device/guest/channel.h"
#include "device/guest/elf_file.h"
#include "device/guest/guest_failure.h"
#include "device/guest/program_files.h"
#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

namespace powercut {
namespace {

using Texts = std::vector<std::string>;

TEST_CASE("the interpreters of a script are found", "[device][guest]") {
  CHECK(script_interpreters("#!/bin/sh\nls\n") == Texts{"/bin/sh"});
  CHECK(script_interpreters("#! /bin/sed -f\n") == Texts{"/bin/sed"});
  CHECK(script_interpreters("#!/usr/bin/env python3") ==
        Texts{"/usr/bin/env", "python3"});
  CHECK(script_interpreters("#!/usr/bin/env -S A=b awk -f\n") ==
        Texts{"/usr/bin/env", "awk"});
  CHECK(script_interpreters("#!\n").empty());
  CHECK(script_interpreters("plain").empty());
  CHECK(script_interpreters("").empty());
}

TEST_CASE("what the loader lists are paths", "[device][guest]") {
  const std::string text =
      "\tlinux-vdso.so.1 (0x00007ffc)\n"
      "\tliba.so.1 => /lib/x/liba.so.1 (0x00007f00)\n"
      "\tlibb.so => /opt/my libs/libb.so (0x00007f01)\n"
      "\t/lib64/ld-linux-x86-64.so.2 (0x00007f02)\n";
  CHECK(value_or_throw(parse_loader_list(text, "p")) ==
        std::vector<std::filesystem::path>{"/lib/x/liba.so.1", "/opt/my libs/libb.so",
                                           "/lib64/ld-linux-x86-64.so.2"});
  const auto missing = parse_loader_list("\tlibc.so.6 => not found\n", "p");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == ErrorKind::kMissing);
  CHECK(missing.error().message.find("libc.so.6") != std::string::npos);
}

TEST_CASE("a program needs its loader and its libraries", "[device][guest]") {
  const std::vector<std::filesystem::path> files =
      value_or_throw(files_of_program(std::filesystem::read_symlink("/proc/self/exe")));
  const auto has = [&](const std::string& part) {
    return std::ranges::any_of(files, [&](const std::filesystem::path& file) {
      return file.filename().native().find(part) != std::string::npos;
    });
  };
  CHECK(has("ld-linux"));
  CHECK(has("libc.so"));
  const ScratchDir scratch;
  std::ofstream(scratch / "loop") << "#!" << (scratch / "loop").native() << "\n";
  std::filesystem::permissions(scratch / "loop", std::filesystem::perms::all);
  CHECK(value_or_throw(files_of_program(scratch / "loop")).size() == 1);
}

TEST_CASE("an ELF file that is cut off is refused", "[device][guest]") {
  std::ifstream stream("/proc/self/exe", std::ios::binary);
  std::string start(4096, '\0');
  stream.read(start.data(), static_cast<std::streamsize>(start.size()));
  CHECK_FALSE(read_elf(start, "e"));
  CHECK_FALSE(read_elf(start.substr(0, 40), "e"));
  CHECK_FALSE(read_elf("", "e"));
  CHECK_FALSE(is_elf("\177EL"));
}

// Two ends of a socket, not blocking.
std::array<Fd, 2> make_ends() {
  std::array<int, 2> ends = {-1, -1};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
  return {Fd(ends[0]), Fd(ends[1])};
}

TEST_CASE("messages arrive whole, whatever their bytes and however cut",
          "[device][guest]") {
  std::array<Fd, 2> ends = make_ends();
  const Fd raw(::dup(ends[0].get()));
  GuestChannel from(std::move(ends[0]));
  GuestChannel to(std::move(ends[1]));
  const std::string binary("{\n\0\xff}", 5);
  REQUIRE(from.send({"output", {{"stream", 2}}, binary}));
  REQUIRE(from.send({"beat", {}, {}}));
  REQUIRE(value_or_throw(to.receive()));
  const GuestMessage message = value_or_throw(to.next()).value();
  CHECK(message.type == "output");
  CHECK(message.number("stream") == 2);
  CHECK(message.number("absent") == 0);
  CHECK(message.payload == binary);
  CHECK(value_or_throw(to.next()).value().type == "beat");
  CHECK_FALSE(value_or_throw(to.next()));
  const std::string text = "{\"type\":\"x\",\"bytes\":3}\nabc";
  for (std::size_t i = 0; i < text.size(); ++i) {
    CHECK_FALSE(value_or_throw(to.next()));
    REQUIRE(::write(raw.get(), &text[i], 1) == 1);
    REQUIRE(value_or_throw(to.receive()));
  }
  CHECK(value_or_throw(to.next()).value().payload == "abc");
}

TEST_CASE("bytes that are no message are an error", "[device][guest]") {
  const std::string text = GENERATE(
      as<std::string>{}, "hello\n", "[]\n", "{}\n", "{\"type\":1}\n",
      "{\"type\":\"x\",\"bytes\":-1}\n", "{\"type\":\"x\",\"bytes\":99999999999}\n",
      "{\"type\":\"x\",\"n\":\"text\"}\n", std::string(5000, 'x'));
  std::array<Fd, 2> ends = make_ends();
  GuestChannel to(std::move(ends[1]));
  REQUIRE(::write(ends[0].get(), text.data(), text.size()) ==
          static_cast<ssize_t>(text.size()));
  REQUIRE(value_or_throw(to.receive()));
  CHECK_FALSE(to.next());
  ends[0].reset();
  CHECK_FALSE(value_or_throw(to.receive()));
}

TEST_CASE("strings survive being joined", "[device][guest]") {
  const Texts strings = {"", "a b", "\xff", ""};
  CHECK(split_strings(join_strings(strings)) == strings);
  CHECK(split_strings("").empty());
}

TEST_CASE("the console tells why a kernel stopped", "[device][guest]") {
  const ConsoleVerdict oops = read_console(
      "[    1.0] fine\r\n[    2.5] BUG: kernel NULL pointer dereference\r\n"
      "[    2.6] Kernel panic - not syncing: Fatal exception\r\n");
  CHECK(oops.kind == GuestFailureKind::kPanic);
  CHECK(oops.line == "BUG: kernel NULL pointer dereference");
  CHECK(read_console("INFO: task sync:12 blocked for more than 60 seconds.\n").kind ==
        GuestFailureKind::kHungTask);
  CHECK(read_console("watchdog: BUG: soft lockup - CPU#1 stuck for 61s!\n").kind ==
        GuestFailureKind::kLockup);
  CHECK(read_console("reboot: Power down\n").kind == GuestFailureKind::kEnded);
}

TEST_CASE("the tail of a console has no control characters", "[device][guest]") {
  CHECK(tail_of("a\r\n\033[2Jb\033[1;32m!\r\nc", 2) == "b!\nc\n");
  CHECK(console_excerpt("Oops: x\n1\n2\n3\n4\n5\n", 4) == "Oops: x\n1\n...\n4\n5\n");
  CHECK(console_excerpt("0\nOops: x\n1\n2\n3\n", 3) == "Oops: x\n...\n3\n");
  CHECK(console_excerpt("0\nOops: x\n2\n", 2) == "Oops: x\n2\n");
  CHECK(console_excerpt("0\n1\n", 4) == "0\n1\n");
  CHECK(tail_of("", 3).empty());
  CHECK(tail_of("a\n", 3) == "a\n");
}

TEST_CASE("what was found about KVM is remembered for a kernel and a QEMU",
          "[device][guest]") {
  const ScratchDir scratch;
  const AccelCache cache(scratch / "");
  CHECK_FALSE(cache.get("k"));
  cache.put("k", GuestAccel::kKvm);
  CHECK(cache.get("k") == GuestAccel::kKvm);
  cache.put("k", GuestAccel::kTcg);
  CHECK(cache.get("k") == GuestAccel::kTcg);
  std::ofstream(scratch / "k") << "else";
  CHECK_FALSE(cache.get("k"));
  AccelCache("/nonexistent").put("k", GuestAccel::kKvm);  // no error

  std::ofstream(scratch / "kernel") << "1";
  std::ofstream(scratch / "qemu") << "1";
  const std::string key = accel_key(scratch / "kernel", scratch / "qemu");
  CHECK(accel_key(scratch / "kernel", scratch / "qemu") == key);
  std::ofstream(scratch / "qemu") << "12";
  CHECK(accel_key(scratch / "kernel", scratch / "qemu") != key);
}

}  // namespace
}  // namespace powercut
