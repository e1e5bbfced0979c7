// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/complaint.h"

#include <catch2/catch.hpp>

namespace powercut {
namespace {

TEST_CASE("keys of lines with other numbers, addresses and disks are equal",
          "[checkers][complaint]") {
  CHECK(
      complaint_key("EXT4-fs error (device loop3): ext4_lookup:1857: inode #2: comm "
                    "walk: deleted inode referenced: 12") ==
      "EXT4-fs error (device <disk>): ext4_lookup:#: inode ##: comm walk: deleted inode "
      "referenced: #");
  CHECK(complaint_key("Metadata CRC error detected at 0x55b8dc7bff80, xfs_agf block "
                      "0x1/0x200") ==
        complaint_key("Metadata CRC error detected at 0x561130854879, xfs_agf block "
                      "0x2/0x200"));
  CHECK(complaint_key("UUID fa0cdab2-2e0e-4125-a764-00bbf8e9049c of ffff88800412ab00") ==
        "UUID # of #");
  for (const char* disk :
       {"loop0", "vda", "sdb1", "nvme0n1", "dm-2", "/dev/mapper/x", "md0", "nbd3p1"}) {
    CHECK(complaint_key(std::string("I/O error, dev ") + disk + ", sector 8") ==
          "I/O error, dev <disk>, sector #");
  }
}

TEST_CASE("keys keep words, names and paths", "[checkers][complaint]") {
  for (const char* line :
       {"XFS: ext4 btrfs f2fs crc32c", "vdso md sda_x loopback nvme", "/a/b: bad",
        "deadbeef cafe", "would have junked entry \"f\" in directory"}) {
    CHECK(complaint_key(line) == line);
  }
  CHECK(complaint_key("").empty());
  CHECK(complaint_key("12") == "#");
}

TEST_CASE("addresses of memory are left out of a text, other numbers are not",
          "[checkers][complaint]") {
  CHECK(without_addresses("at 0x55b8dc7bff80, block 0x1/0x200, 0x12345678 0x") ==
        "at <address>, block 0x1/0x200, 0x12345678 0x");
  CHECK(without_addresses("0xffffffffffffffff") == "<address>");
  CHECK(without_addresses("").empty());
}

TEST_CASE("the kernel complains of errors, corruption and locks",
          "[checkers][complaint]") {
  for (const char* line :
       {"EXT4-fs error (device <disk>): ext4_lookup:1857: inode #2: comm walk",
        "EXT4-fs (<disk>): warning: mounting fs with errors, running e2fsck",
        "JBD2: Invalid checksum recovering data block 25 in log",
        "XFS (<disk>): Metadata CRC error detected at xfs_agf_read_verify+0xd4/0xe0",
        "XFS (<disk>): Corruption of in-memory data detected.  Shutting down filesystem",
        "BTRFS error (device <disk>): open_ctree failed",
        "BTRFS critical (device <disk>): corrupt leaf: root=5 block=1 slot=0",
        "WARNING: CPU: <n> PID: <n> at fs/ext4/inode.c:123 ext4_x+0x1/0x2",
        "BUG: kernel NULL pointer dereference, address: 0000000000000010",
        "WARNING: possible circular locking dependency detected",
        "possible recursive locking detected", "Buffer I/O error on dev <disk>",
        "kernel BUG at fs/btrfs/ctree.c:1!", "F2FS-fs (<disk>): inconsistent node block",
        "Oops: 0000 [#1] PREEMPT SMP", "Assertion failed: x, file: y"}) {
    INFO(line);
    CHECK(kernel_complains(line));
  }
}

TEST_CASE("what a sound recovery says, and the stack below a warning, are no complaints",
          "[checkers][complaint]") {
  for (const char* line :
       {"BTRFS error (device <disk>): bad tree block start, mirror 1 want 3 have 0",
        "BTRFS warning (device <disk>): checksum verify failed on logical 22",
        "BTRFS error (device <disk>): parent transid verify failed on logical 22",
        "EXT4-fs (<disk>): recovery required on readonly filesystem",
        "EXT4-fs (<disk>): recovery complete",
        "EXT4-fs (<disk>): 2 orphan inodes deleted",
        "EXT4-fs (<disk>): warning: mounting unchecked fs, running e2fsck is recommended",
        "EXT4-fs (<disk>): warning: maximal mount count reached",
        "XFS (<disk>): Mounting V5 Filesystem",
        "XFS (<disk>): Ending clean mount",
        "XFS (<disk>): Starting recovery (logdev: internal)",
        "XFS (<disk>): Torn write (CRC failure) detected at log block 0x18.",
        "XFS (<disk>): First 128 bytes of corrupted metadata buffer:",
        "XFS (<disk>): Unmount and run xfs_repair",
        "BTRFS info (device <disk>): clearing free space tree",
        "BTRFS warning (device <disk>): read-write for sector size 4096 is experimental",
        "FAT-fs (<disk>): Volume was not properly unmounted. Some data may be corrupt.",
        "operation not supported error, dev <disk>, sector 0 op 0x9:(WRITE_ZEROES)",
        "watchdog: BUG: soft lockup - CPU#<n> stuck for 22s!",
        "00000010: ba d0 58 41 47 46 00 00  ...error",
        "Call Trace:",
        " ? ext4_error_inode+0x1f/0x60 [ext4]",
        " __warn_invalid+0x1/0x2",
        "RIP: 0010:bad_area+0x1/0x2",
        "Code: Bad RIP value.",
        "------------[ cut here ]------------",
        "Modules linked in: error_x",
        ""}) {
    INFO(line);
    CHECK_FALSE(kernel_complains(line));
  }
}

TEST_CASE("lines of a text come without their ends", "[checkers][complaint]") {
  CHECK(lines_of("").empty());
  CHECK(lines_of("a\n\nb") == std::vector<std::string_view>{"a", "", "b"});
  CHECK(lines_of("a\n") == std::vector<std::string_view>{"a"});
}

}  // namespace
}  // namespace powercut
