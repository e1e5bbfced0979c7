// SPDX-License-Identifier: GPL-2.0-only
//
// What the programs that check file systems print, as it was captured from them, and
// what of it is a complaint.

#include "checkers/btrfs.h"
#include "checkers/f2fs.h"
#include "checkers/vfat.h"
#include "checkers/xfs.h"

#include <catch2/catch.hpp>

namespace powercut {
namespace {

using Lines = std::vector<std::string>;

constexpr std::string_view kSoundXfs =
    "Cannot get host filesystem geometry.\n"
    "Repair may fail if there is a sector size mismatch between\n"
    "the image and the host filesystem.\n"
    "Phase 1 - find and verify superblock...\n"
    "Phase 2 - using internal log\n"
    "        - zero log...\n"
    "        - scan filesystem freespace and inode maps...\n"
    "        - found root inode chunk\n"
    "Phase 3 - for each AG...\n"
    "        - scan (but don't clear) agi unlinked lists...\n"
    "        - process known inodes and perform inode discovery...\n"
    "        - agno = 0\n"
    "        - process newly discovered inodes...\n"
    "Phase 4 - check for duplicate blocks...\n"
    "        - setting up duplicate extent list...\n"
    "        - check for inodes claiming duplicate blocks...\n"
    "        - agno = 1\n"
    "No modify flag set, skipping phase 5\n"
    "Phase 6 - check inode connectivity...\n"
    "        - traversing filesystem ...\n"
    "        - traversal finished ...\n"
    "        - moving disconnected inodes to lost+found ...\n"
    "Phase 7 - verify link counts...\n"
    "No modify flag set, skipping filesystem flush and exiting.\n";

TEST_CASE("xfs_repair: progress is no complaint", "[checkers][xfs]") {
  CHECK(xfs_repair_complaints(kSoundXfs).empty());
  CHECK(xfs_repair_complaints("").empty());
}

TEST_CASE("xfs_repair: every other line is one", "[checkers][xfs]") {
  const std::string output =
      std::string(kSoundXfs.substr(0, 300)) +
      "\nMetadata CRC error detected at 0x55b8dc7bff80, xfs_agf block 0x1/0x200\n"
      "agf has bad CRC for ag 0\n"
      "\twould have reset inode 131 nlinks from 2 to 1\n" +
      "Phase 7 - verify link counts...\n";
  CHECK(xfs_repair_complaints("Phase 1\n" + output.substr(300)) ==
        Lines{"Metadata CRC error detected at 0x55b8dc7bff80, xfs_agf block 0x1/0x200",
              "agf has bad CRC for ag 0",
              "would have reset inode 131 nlinks from 2 to 1"});
}

TEST_CASE("xfs_repair: a dirty log makes all else spurious", "[checkers][xfs]") {
  CHECK(
      xfs_repair_complaints(
          "Phase 2 - using internal log\n"
          "        - zero log...\n"
          "ALERT: The filesystem has valuable metadata changes in a log which is being\n"
          "ignored because the -n option was used.  Expect spurious inconsistencies\n"
          "which may be resolved by first mounting the filesystem to replay the log.\n"
          "agf_freeblks 12, counted 13 in ag 0\n") ==
      Lines{"the log is dirty after a clean unmount"});
}

TEST_CASE("btrfs check: steps and sums are no complaints", "[checkers][btrfs]") {
  CHECK(
      btrfs_check_complaints("[1/7] checking root items\n"
                             "[5/7] checking only csums items (without verifying data)\n"
                             "[7/7] checking quota groups skipped (not enabled)\n"
                             "Opening filesystem to check...\n"
                             "Checking filesystem on <disk0>\n"
                             "UUID: fa0cdab2-2e0e-4125-a764-00bbf8e9049c\n"
                             "found 352256 bytes used, no error found\n"
                             "total csum bytes: 200\n"
                             "btree space waste bytes: 137820\n"
                             "file data blocks allocated: 204800\n"
                             " referenced 204800\n")
          .empty());
}

TEST_CASE("btrfs check: errors are", "[checkers][btrfs]") {
  CHECK(btrfs_check_complaints("[2/7] checking extents\n"
                               "root 5 root dir 256 not found\n"
                               "ERROR: errors found in fs roots\n"
                               "found 147456 bytes used, error(s) found\n") ==
        Lines{"root 5 root dir 256 not found", "ERROR: errors found in fs roots"});
  CHECK(btrfs_check_complaints("found 147456 bytes used, error(s) found\n") ==
        Lines{"error(s) found"});
  CHECK(btrfs_check_complaints("[x] what is this\n").size() == 1);
}

TEST_CASE("fsck.f2fs: what passed is no complaint, what failed is", "[checkers][f2fs]") {
  const std::string sound =
      "Info: Dry run\n"
      "Info: MKFS version\n"
      "  \"Linux version 6.18.44 (gcc) #1 SMP\"\n"
      "Info: FSCK version\n"
      "  from \"Linux version 6.18.44 (gcc) #1 SMP\"\n"
      "    to \"Linux version 6.18.44 (gcc) #1 SMP\"\n"
      "Info: checkpoint state = 181 :  trimmed nat_bits unmount\n"
      "\n"
      "[FSCK] Max image size: 28 MB, Free space: 15 MB\n"
      "[FSCK] Unreachable nat entries                        [Ok..] [0x0]\n"
      "[FSCK] fixing SIT types\n";
  CHECK(f2fs_fsck_complaints(sound +
                             "[FSCK] other corrupted bugs                    [Ok..]\n"
                             "\nDone: 0.000000 secs\n")
            .empty());
  CHECK(f2fs_fsck_complaints(sound +
                             "NID[0x5] has [0x7] more unreachable links\n"
                             "[FSCK] Hard link checking for regular file [Fail] [0x1]\n"
                             "[FSCK] other corrupted bugs                [Fail]\n") ==
        Lines{"NID[0x5] has [0x7] more unreachable links",
              "[FSCK] Hard link checking for regular file [Fail] [0x1]"});
  CHECK(f2fs_fsck_complaints(sound + "[FSCK] other corrupted bugs   [Fail]\n") ==
        Lines{"[FSCK] other corrupted bugs"});
  CHECK(f2fs_fsck_complaints(sound +
                             "[update_superblock: 701] Info: Done to update superblock\n")
            .empty());
  CHECK(f2fs_fsck_complaints("[ASSERT] (sanity_check_nid: 553)  --> bad\n").size() == 1);
  CHECK(f2fs_fsck_complaints("Info: Dry run\n"
                             "Magic Mismatch, valid(0xf2f52010) - read(0x0)\n"
                             "\tCan't find a valid F2FS superblock at 0x0\n")
            .size() == 2);
}

TEST_CASE("fsck.vfat: the dirty bit and the free summary are no complaints",
          "[checkers][vfat]") {
  CHECK(vfat_fsck_complaints(
            "Cannot initialize conversion from codepage 850 to ANSI_X3.4-1968: Invalid "
            "argument\n"
            "Using internal CP850 conversion table\n"
            "fsck.fat 4.2 (2021-01-31)\n"
            "There are differences between boot sector and its backup.\n"
            "This is mostly harmless. Differences: (offset:original/backup)\n"
            "  65:01/00\n"
            "  Not automatically fixing this.\n"
            "Dirty bit is set. Fs was not properly unmounted and some data may be "
            "corrupt.\n"
            " Automatically removing dirty bit.\n"
            "Free cluster summary wrong (7 vs. really 129021)\n"
            "  Auto-correcting.\n"
            "\n"
            "Leaving filesystem unchanged.\n"
            "<disk0>: 0 files, 1/129022 clusters\n")
            .empty());
}

TEST_CASE("fsck.vfat: a complaint is a line with what is indented below it",
          "[checkers][vfat]") {
  CHECK(
      vfat_fsck_complaints("fsck.fat 4.2 (2021-01-31)\n"
                           "/A.TXT  and\n"
                           "/B.TXT\n"
                           "  share clusters.\n"
                           "  Truncating second to 0 bytes.\n"
                           "/B.TXT\n"
                           "  File size is 2048 bytes, cluster chain length is 0 bytes.\n"
                           "  Truncating file to 0 bytes.\n"
                           "Reclaimed 2 unused clusters (4096 bytes).\n"
                           "\n"
                           "Leaving filesystem unchanged.\n"
                           "<disk0>: 3 files, 2/2036 clusters\n") ==
      Lines{"/A.TXT  and /B.TXT share clusters. Truncating second to 0 bytes.",
            "/B.TXT File size is 2048 bytes, cluster chain length is 0 bytes. "
            "Truncating file to 0 bytes.",
            "Reclaimed 2 unused clusters (4096 bytes)."});
  CHECK(vfat_fsck_complaints("There are differences between boot sector and its backup.\n"
                             "This is mostly harmless. Differences: "
                             "(offset:original/backup)\n"
                             "  65:01/00,71:41/4e\n"
                             "  Not automatically fixing this.\n")
            .size() == 1);
}

}  // namespace
}  // namespace powercut
