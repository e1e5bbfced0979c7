// SPDX-License-Identifier: GPL-2.0-only

#include "device/mount.h"

#include "device/mount_table.h"

#include <catch2/catch.hpp>

#include <sys/mount.h>

namespace powercut {
namespace {

TEST_CASE("mount options are split into flags and data", "[device][mount]") {
  const SplitOptions split =
      split_mount_options("ro,noatime,nobarrier,defaults,,data=journal");
  CHECK(split.flags == (MS_RDONLY | MS_NOATIME));
  CHECK(split.data == "nobarrier,data=journal");
  CHECK(split_mount_options("ro,rw").flags == 0);
  CHECK(split_mount_options("").data.empty());
}

TEST_CASE("a mount table is read with its escapes and optional fields",
          "[device][mount_table]") {
  const std::vector<MountEntry> entries = parse_mount_table(
      "36 35 98:0 / /mnt/a\\040b rw,noatime master:1 shared:2 - ext4 /dev/loop3 rw\n"
      "nonsense\n"
      "40 35 0:33 / /x ro - fuse.powercut powercut-abc ro\n");
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].target == "/mnt/a b");
  CHECK(entries[0].type == "ext4");
  CHECK(entries[0].source == "/dev/loop3");
  CHECK(entries[1].source == "powercut-abc");
}

}  // namespace
}  // namespace powercut
