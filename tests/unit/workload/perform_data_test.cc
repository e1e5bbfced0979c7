// SPDX-License-Identifier: GPL-2.0-only

#include "tests/unit/workload/performed.h"

#include <catch2/catch.hpp>

#include <unistd.h>

namespace powercut {
namespace {

using test::data_operation;
using test::open_as;
using test::operation;
using test::Performed;
using test::stamped;
using test::two_paths;
using test::write_to;

Operation with_byte(Operation made, std::uint8_t byte) {
  made.fill = FillKind::kByte;
  made.fill_byte = byte;
  return made;
}

Operation allocate(AllocateMode mode, const std::string& file, std::uint64_t offset,
                   std::uint64_t length) {
  Operation made = data_operation(OpKind::kAllocate, file, offset, length);
  made.allocate = mode;
  return made;
}

// True if the file system says that it cannot do it, which is told.
bool cannot(int error_number, const char* what) {
  const bool missing = error_number == EOPNOTSUPP || error_number == EINVAL ||
                       error_number == EXDEV || error_number == ENOTTY;
  if (missing) {
    WARN("this file system has no " << what << ": " << std::strerror(error_number));
  }
  return missing;
}

TEST_CASE("writes are stamped with their operation and place", "[perform]") {
  Performed here;
  const PerformResult result =
      here.run({operation(OpKind::kCreate, "f"), write_to("f", 0, 4096),
                write_to("f", 1000, 100), with_byte(write_to("f", 2000, 8), 0x5a)});
  REQUIRE_FALSE(result.failed);
  std::string wanted = stamped(1, 0, 4096);
  wanted.replace(1000, 100, stamped(2, 1000, 100));
  wanted.replace(2000, 8, std::string(8, 'Z'));
  CHECK(here.content("f") == wanted);
}

TEST_CASE("a write to a file that is not there fails", "[perform]") {
  Performed here;
  CHECK(here.error_of({write_to("f", 0, 4)}) == ENOENT);
  CHECK(here.error_of({write_to("@h", 0, 4)}) == EBADF);
  CHECK(here.error_of({operation(OpKind::kClose, "@h")}) == EBADF);
  CHECK(here.error_of({operation(OpKind::kCreate, "f"),
                       write_to("f", ~std::uint64_t{0} - 10, 4)}) == EFBIG);
}

TEST_CASE("a write of more than one piece is whole", "[perform]") {
  Performed here;
  const std::uint64_t bytes = (std::uint64_t{64} << 20) + 5000;
  REQUIRE(here.error_of({operation(OpKind::kCreate, "f"), write_to("f", 100, bytes)}) ==
          0);
  const std::string content = here.content("f");
  REQUIRE(content.size() == bytes + 100);
  const std::uint64_t from = bytes - 20000;
  CHECK(content.substr(0, 100) == std::string(100, '\0'));
  CHECK((content.substr(from) == stamped(1, from, content.size() - from)));
}

TEST_CASE("appends land where the file ends", "[perform]") {
  Performed here;
  const PerformResult result = here.run(
      {operation(OpKind::kCreate, "f"), data_operation(OpKind::kAppend, "f", 0, 700),
       data_operation(OpKind::kAppend, "f", 0, 600), open_as("a", "f", {.append = true}),
       data_operation(OpKind::kAppend, "@a", 0, 10), write_to("@a", 3, 5),
       open_as("h", "f"), data_operation(OpKind::kAppend, "@h", 0, 20)});
  REQUIRE_FALSE(result.failed);
  CHECK(here.content("f") == stamped(1, 0, 700) + stamped(2, 700, 600) +
                                 stamped(4, 1300, 10) + stamped(5, 1310, 5) +
                                 stamped(7, 1315, 20));
}

TEST_CASE("a handle is the file whatever its name becomes", "[perform]") {
  Performed here;
  const PerformResult result =
      here.run({open_as("h", "f", {.create = true}), write_to("@h", 0, 512),
                two_paths(OpKind::kRename, "f", "g"), write_to("@h", 512, 512),
                operation(OpKind::kFsync, "@h"), operation(OpKind::kClose, "@h"),
                open_as("h", "g", {.truncate = true}), write_to("@h", 0, 8)});
  REQUIRE_FALSE(result.failed);
  CHECK(here.content("g") == stamped(7, 0, 8));
}

TEST_CASE("open says what it found", "[perform]") {
  Performed here;
  const OpenFlags anew{.create = true, .exclusive = true};
  CHECK(here.error_of({open_as("h", "f")}) == ENOENT);
  CHECK(here.error_of({open_as("h", "f", anew)}) == 0);
  CHECK(here.marks.back() == fmt::format("operations-done 0:{}", here.inode("f")));
  CHECK(here.error_of({open_as("h", "f", anew)}) == EEXIST);
  CHECK(here.error_of({open_as("h", "f", {.create = true})}) == 0);
  CHECK(here.marks.back() == "operations-done");  // it made none
  CHECK(here.error_of({open_as("h", "f")}) == 0);
  CHECK(here.marks.back() == "operations-done");
  CHECK(here.error_of({open_as("h", "f", {.read_only = true}), write_to("@h", 0, 1)}) ==
        EBADF);
  CHECK(here.error_of({open_as("h", "f", {.directory = true})}) == ENOTDIR);
  CHECK(here.error_of({open_as("h", "/", {.directory = true}),
                       operation(OpKind::kFsync, "@h")}) == 0);
  CHECK(here.error_of({open_as("h", "/")}) == EISDIR);
}

TEST_CASE("direct writes go past the cache from aligned memory", "[perform]") {
  Performed here;
  const OpenFlags direct{.create = true, .direct = true};
  if (cannot(here.error_of({open_as("h", "f", direct)}), "O_DIRECT")) {
    return;
  }
  REQUIRE(here.error_of({open_as("h", "f", direct), write_to("@h", 4096, 8192),
                         data_operation(OpKind::kAppend, "@h", 0, 4096)}) == 0);
  CHECK(here.content("f") ==
        std::string(4096, '\0') + stamped(1, 4096, 8192) + stamped(2, 12288, 4096));
}

TEST_CASE("a mapping is written, synced, and gone with its handle", "[perform]") {
  Performed here;
  const PerformResult result = here.run(
      {operation(OpKind::kCreate, "f"), write_to("f", 0, 10000),
       data_operation(OpKind::kMmapWrite, "f", 4000, 5000),
       data_operation(OpKind::kMsync, "f", 4100, 10), open_as("h", "f"),
       data_operation(OpKind::kMmapWrite, "@h", 100, 50),
       data_operation(OpKind::kMsync, "@h", 0, 10000), operation(OpKind::kClose, "@h")});
  REQUIRE_FALSE(result.failed);
  std::string wanted = stamped(1, 0, 10000);
  wanted.replace(4000, 5000, stamped(2, 4000, 5000));
  wanted.replace(100, 50, stamped(5, 100, 50));
  CHECK(here.content("f") == wanted);
  CHECK(here.error_of({data_operation(OpKind::kMsync, "f", 0, 100)}) == ENOMEM);
  CHECK(here.error_of({operation(OpKind::kCreate, "g"),
                       data_operation(OpKind::kMmapWrite, "f", 0, 100),
                       data_operation(OpKind::kMsync, "g", 0, 100)}) == ENOMEM);
  CHECK(
      here.error_of({open_as("h", "f"), data_operation(OpKind::kMmapWrite, "@h", 100, 50),
                     operation(OpKind::kClose, "@h"),
                     data_operation(OpKind::kMsync, "f", 100, 50)}) == ENOMEM);
  CHECK(here.error_of({data_operation(OpKind::kMmapWrite, "f", 100, 50),
                       open_as("h", "f"), operation(OpKind::kClose, "@h"),
                       data_operation(OpKind::kMsync, "f", 100, 50)}) == 0);
}

TEST_CASE("a mapping follows its file as it grows", "[perform]") {
  Performed here;
  std::vector<Operation> operations = {operation(OpKind::kCreate, "f")};
  std::string wanted;
  for (std::uint64_t mib = 1; mib <= 5; ++mib) {
    Operation size = operation(OpKind::kTruncate, "f");
    size.length_bytes = mib << 20;
    operations.push_back(size);
    operations.push_back(
        data_operation(OpKind::kMmapWrite, "f", size.length_bytes - 3000, 3000));
    operations.push_back(data_operation(OpKind::kMsync, "f", 0, size.length_bytes));
    wanted.resize(size.length_bytes);
    wanted.replace(size.length_bytes - 3000, 3000,
                   stamped(operations.size() - 2, size.length_bytes - 3000, 3000));
  }
  REQUIRE(here.error_of(operations) == 0);
  CHECK((here.content("f") == wanted));
}

TEST_CASE("a store beyond the end of the file fails and kills nobody", "[perform]") {
  Performed here;
  const std::vector<Operation> file = {operation(OpKind::kCreate, "f"),
                                       write_to("f", 0, 100)};
  CHECK(here.error_of(file) == 0);
  CHECK(here.error_of({data_operation(OpKind::kMmapWrite, "f", 90, 11)}) == EFAULT);
  CHECK(here.error_of({data_operation(OpKind::kMmapWrite, "f", 200, 10)}) == EFAULT);
  CHECK(here.error_of({data_operation(OpKind::kMmapWrite, "f", 1 << 20, 10)}) == EFAULT);
  CHECK(here.error_of({data_operation(OpKind::kMmapWrite, "f", 90, 10)}) == 0);
}

TEST_CASE("truncate and fallocate change what they say", "[perform]") {
  Performed here;
  REQUIRE(here.error_of({operation(OpKind::kCreate, "f"), write_to("f", 0, 16384)}) == 0);
  const std::string before = stamped(1, 0, 16384);
  const std::string zeros(4096, '\0');
  SECTION("truncate") {
    Operation size = operation(OpKind::kTruncate, "f");
    size.length_bytes = 5000;
    CHECK(here.error_of({size}) == 0);
    CHECK(here.content("f") == before.substr(0, 5000));
    size.length_bytes = 6000;
    CHECK(here.error_of({open_as("h", "f"), size}) == 0);
    CHECK(here.content("f") == before.substr(0, 5000) + std::string(1000, '\0'));
  }

  struct Case {
    AllocateMode mode;
    std::uint64_t offset;
    std::string wanted;
    const char* name;
  };

  const std::string both = zeros + zeros;
  for (const Case& each : {
           Case{AllocateMode::kAllocate, 12288, before + zeros, "fallocate"},
           Case{AllocateMode::kKeepSize, 12288, before, "FALLOC_FL_KEEP_SIZE"},
           Case{AllocateMode::kPunch, 4096,
                before.substr(0, 4096) + both + before.substr(12288),
                "FALLOC_FL_PUNCH_HOLE"},
           Case{AllocateMode::kZero, 12288, before.substr(0, 12288) + both,
                "FALLOC_FL_ZERO_RANGE"},
           Case{AllocateMode::kZeroKeep, 12288, before.substr(0, 12288) + zeros,
                "FALLOC_FL_ZERO_RANGE|KEEP_SIZE"},
           Case{AllocateMode::kCollapse, 4096,
                before.substr(0, 4096) + before.substr(12288),
                "FALLOC_FL_COLLAPSE_RANGE"},
           Case{AllocateMode::kInsert, 4096,
                before.substr(0, 4096) + both + before.substr(4096),
                "FALLOC_FL_INSERT_RANGE"},
           Case{AllocateMode::kUnshare, 4096, before, "FALLOC_FL_UNSHARE_RANGE"},
       }) {
    DYNAMIC_SECTION(each.name) {
      const int failed = here.error_of({allocate(each.mode, "f", each.offset, 8192)});
      if (!cannot(failed, each.name)) {
        CHECK(failed == 0);
        CHECK((here.content("f") == each.wanted));
      }
    }
  }
}

TEST_CASE("fallocate reserves blocks beyond the end", "[perform]") {
  Performed here;
  const int failed = here.error_of({operation(OpKind::kCreate, "f"),
                                    allocate(AllocateMode::kKeepSize, "f", 0, 1 << 20)});
  if (!cannot(failed, "FALLOC_FL_KEEP_SIZE")) {
    CHECK(failed == 0);
    CHECK(here.status("f")->st_size == 0);
    CHECK(here.status("f")->st_blocks >= 2048);
  }
}

TEST_CASE("clones share what they were cloned from", "[perform]") {
  Performed here;
  Operation range = two_paths(OpKind::kCloneRange, "f", "g");
  range.offset_bytes = 4096;
  range.length_bytes = 4096;
  range.offset2_bytes = 8192;
  REQUIRE(here.error_of({operation(OpKind::kCreate, "f"), operation(OpKind::kCreate, "g"),
                         write_to("f", 0, 12288)}) == 0);
  const int failed = here.error_of({two_paths(OpKind::kClone, "f", "g")});
  if (cannot(failed, "FICLONE")) {
    return;
  }
  REQUIRE(failed == 0);
  CHECK((here.content("g") == stamped(2, 0, 12288)));
  CHECK(here.error_of({range, open_as("h", "f"), two_paths(OpKind::kClone, "@h", "g"),
                       range}) == 0);
  CHECK((here.content("g") == stamped(2, 0, 8192) + stamped(2, 4096, 4096)));
}

}  // namespace
}  // namespace powercut
