// SPDX-License-Identifier: GPL-2.0-only

#define CATCH_CONFIG_EXTERNAL_INTERFACES

#include "tests/device/requirements.h"

#include "device/facts.h"
#include "device/mount_namespace.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace powercut::test {
namespace {

constexpr int kSkipped = 77;

struct Requirements : Catch::TestEventListenerBase {
  using TestEventListenerBase::TestEventListenerBase;

  void testRunStarting(const Catch::TestRunInfo& /*info*/) override {
    const std::vector<Fact> facts = collect_facts();
    for (const char* name : {"root", "fuse", "loop", "mkfs.ext4", "e2fsck"}) {
      const Fact& fact = find_fact(facts, name);
      if (!fact.works) {
        fmt::print(stderr, "skipped: {}: {}\n", fact.name, fact.detail);
        std::exit(kSkipped);
      }
    }
    if (const Status status = enter_private_mount_namespace(); !status) {
      fmt::print(stderr, "skipped: {}\n", status.error().message);
      std::exit(kSkipped);
    }
  }
};

CATCH_REGISTER_LISTENER(Requirements)

}  // namespace

Served::Served(const std::vector<ServedDisk*>& disks) {
  std::vector<DiskFile> files;
  for (ServedDisk* disk : disks) {
    files.push_back({fmt::format("disk{}", files.size()), disk});
  }
  server = value_or_throw(DiskServer::start(value_or_throw(run.make_directory("disks")),
                                            run.run_id(), std::move(files), {}));
}

}  // namespace powercut::test
