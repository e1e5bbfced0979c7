// SPDX-License-Identifier: GPL-2.0-only

#include "device/kernel_messages.h"

#include <catch2/catch.hpp>

namespace powercut {
namespace {

std::string clean(std::string_view text) {
  return clean_kernel_message(text, "loop1");
}

TEST_CASE("a record of the kernel's log has a severity, and a program's is none",
          "[device][kernel_log]") {
  const std::optional<KernelLine> line =
      parse_kernel_record("4,1234,5678,-;EXT4-fs (vda): x;y\n SUBSYSTEM=block\n");
  REQUIRE(line);
  CHECK(line->severity == 4);
  CHECK(line->text == "EXT4-fs (vda): x;y");
  CHECK(parse_kernel_record("0,1,2,-;panic")->severity == 0);
  CHECK_FALSE(parse_kernel_record("11,1,2,-;a daemon's error"));  // facility 1
  CHECK_FALSE(parse_kernel_record("4,1,2,-"));
  CHECK_FALSE(parse_kernel_record("x,1;y"));
  CHECK_FALSE(parse_kernel_record(""));
}

TEST_CASE("a message loses what differs from run to run, and keeps what tells",
          "[device][kernel_messages]") {
  CHECK(clean("EXT4-fs error (device loop1): ext4_lookup:1855: inode #2: comm x: bad") ==
        "EXT4-fs error (device <disk>): ext4_lookup:1855: inode #2: comm x: bad");
  CHECK(clean("Aborting journal on device loop1-8.") ==
        "Aborting journal on device <disk>-8.");
  CHECK(clean("loop12: loop1 xloop1 loop1p2") == "loop12: <disk> xloop1 loop1p2");
  CHECK(clean("RIP: 0010:f+0x5a/0x120 at ffff888003a1c000, 0xffffc90000123456") ==
        "RIP: 0010:f+0x5a/0x120 at <address>, <address>");
  CHECK(clean("RAX: 0000000000000000 block 0x1 inode 12345678") ==
        "RAX: <address> block 0x1 inode 12345678");
  CHECK(clean("CPU: 1 PID: 345 Comm: mount") == "CPU: <n> PID: <n> Comm: mount");
  CHECK(clean("cpu of pid x, pid 12, pid=3") == "cpu of pid x, pid <n>, pid=<n>");
  CHECK(clean("Workqueue: kworker/u4:2+flush, x") == "Workqueue: kworker, x");
  CHECK(clean("") == "");
  CHECK(clean_kernel_message("nothing of (vda)", "") == "nothing of (vda)");
}

TEST_CASE("only warnings and worse are messages, and noise is none",
          "[device][kernel_messages]") {
  const std::vector<KernelLine> lines = {{6, "EXT4-fs (vda): mounted"},
                                         {4, "EXT4-fs (vda): warning"},
                                         {3, "print_req_error: 3 callbacks suppressed"},
                                         {4, "hrtimer: interrupt took 123 ns"},
                                         {0, "something that names nobody"}};
  CHECK(kernel_messages(lines, "vda") ==
        std::vector<std::string>{"EXT4-fs (<disk>): warning",
                                 "something that names nobody"});
  const std::vector<KernelLine> many(1000, {3, "x"});
  CHECK(kernel_messages(many, "vda").size() == kMaxKernelMessages);
}

TEST_CASE("where others fill the log too, lines of other disks are not ours",
          "[device][kernel_messages]") {
  const std::vector<KernelLine> lines = {
      {3, "EXT4-fs (loop1): ours"},
      {3, "EXT4-fs (loop10): another's"},
      {3, "ext4 of nobody in particular"},
      {3, "Buffer I/O error on dev loop1, logical block 1"},
      {3, "usb 1-1: device not accepting address"}};
  CHECK(kernel_messages_about(lines, "loop1", "ext4") ==
        std::vector<std::string>{"EXT4-fs (<disk>): ours", "ext4 of nobody in particular",
                                 "Buffer I/O error on dev <disk>, logical block 1"});
}

}  // namespace
}  // namespace powercut
