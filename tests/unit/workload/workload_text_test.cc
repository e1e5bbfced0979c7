// SPDX-License-Identifier: GPL-2.0-only

#include "workload/workload_text.h"

#include "tests/unit/workload/random_workload_text.h"
#include "workload/operation_table.h"

#include <catch2/catch.hpp>

#include <set>

namespace powercut {
namespace {

Result<Workload> parse(std::string_view text) {
  return parse_workload(text, {"w.scenario", 1});
}

Workload parsed(std::string_view text) {
  Result<Workload> workload = parse(text);
  INFO((workload ? "" : workload.error().message));
  REQUIRE(workload);
  return *workload;
}

Workload without_lines(Workload workload) {
  for (Operation& operation : workload.operations) {
    operation.line = 0;
  }
  return workload;
}

Operation one(std::string_view text) {
  Workload workload = without_lines(parsed(text));
  REQUIRE(workload.operations.size() == 1);
  return workload.operations[0];
}

TEST_CASE("each kind of operation has one entry, at its place", "[workload]") {
  std::set<std::string> names;
  for (std::size_t i = 0; i < operation_table().size(); ++i) {
    const OperationSpec& spec = operation_table()[i];
    CHECK(static_cast<std::size_t>(spec.kind) == i);
    CHECK(&spec_of(spec.kind) == &spec);
    CHECK(find_operation(spec.name) == &spec);
    CHECK(names.insert(spec.name).second);
  }
  CHECK(static_cast<std::size_t>(OpKind::kMark) + 1 == operation_table().size());
}

// Text that is printed as it was written, one of each kind at least.
constexpr const char* kTexts[] = {
    "creat A/foo",
    "creat foo mode 0600",
    "open @h foo",
    "open @h foo create excl trunc append sync dsync direct mode 0640",
    "open @h foo rdonly",
    "open @h / directory",
    "open @h A tmpfile mode 0600",
    "write foo 0 4K",
    "write foo 4097 1M byte 0x5a",
    "append foo 1G",
    "mmap-write foo 4K 4K",
    "msync foo 0 8K",
    "read foo 1 4K",
    "overwrite foo 4K 512",
    "truncate foo 0",
    "falloc foo allocate 0 4K",
    "falloc foo keep 0 4K",
    "falloc foo punch 0 4K",
    "falloc foo zero 0 4K",
    "falloc foo zero-keep 0 4K",
    "falloc foo collapse 0 4K",
    "falloc foo insert 0 4K",
    "falloc foo unshare 0 4K",
    "clone foo bar",
    "clone-range foo 0 4K bar 8K",
    "mkdir A",
    "mkdir A mode 0700",
    "rmdir A",
    "link foo A/bar",
    "symlink \"../no where\" bar",
    "rename foo bar",
    "rename foo bar noreplace",
    "rename A B exchange",
    "unlink \"a \\\"b\\\" \\\\ \\$c \\x01\\xff\\n\\t #\"",
    "unlink \"@h\"",
    "mknod p fifo",
    "mknod null char 1 3",
    "mknod b block 7 0",
    "chmod / 1777",
    "chmod foo 0000",
    "chown foo 0 4294967294",
    "setxattr foo user.name value",
    "setxattr foo user.name \"\"",
    "removexattr / user.name",
    "fsync /",
    "fsync foo",
    "fdatasync foo",
    "sync",
    "syncfs",
    "drop-caches",
    "sleep 2048",
    "mark \"foo is safe\"",
    "claim foo A/bar \"foo is safe\"",
};

TEST_CASE("every operation is printed as it was written", "[workload]") {
  std::set<OpKind> kinds;
  for (const char* text : kTexts) {
    INFO(text);
    const Operation operation = one(text);
    kinds.insert(operation.kind);
    CHECK(to_text(operation) == text);
  }
  // Those need another before them: close, submit, wait, acknowledge.
  CHECK(kinds.size() + 4 == operation_table().size());
}

TEST_CASE("words mean what they say", "[workload]") {
  const Operation write = one("write \"a b\" 0x200 2K byte 255");
  CHECK(write.path == "a b");
  CHECK(write.offset_bytes == 512);
  CHECK(write.length_bytes == 2048);
  CHECK(write.fill == FillKind::kByte);
  CHECK(write.fill_byte == 255);
  CHECK(one("write f 1 2").fill == FillKind::kStamped);
  CHECK(one("touch foo") == one("creat foo"));
  CHECK(one("  creat\tfoo  # a comment { \" ") == one("creat foo"));
  CHECK(one("creat foo#1").path == "foo#1");
  CHECK(one("creat foo mode 755").mode == 0755);
  CHECK(one("mark foo is safe").text == "foo is safe");
  CHECK(one("mark $").text == "$");
  CHECK(one("unlink \"\\x41\\x2f\\x62\"").path == "A/b");
  const Operation clone = one("clone-range a 1K 2K b 3K");
  CHECK(clone.path == "a");
  CHECK(clone.path2 == "b");
  CHECK(clone.offset_bytes == 1024);
  CHECK(clone.length_bytes == 2048);
  CHECK(clone.offset2_bytes == 3072);
  const Operation device = one("mknod d block 7 9");
  CHECK(device.node == NodeKind::kBlockDevice);
  CHECK(device.user == 7);
  CHECK(device.group == 9);
  const Operation value = one("setxattr f user.a \"x y\\x00\"");
  CHECK(value.text == "user.a");
  CHECK(value.value == std::string("x y\0", 4));
}

TEST_CASE("lines are counted, and the text may begin anywhere", "[workload]") {
  Result<Workload> workload =
      parse_workload("\ncreat foo\r\n\n# nothing\nsync", {"w", 11});
  REQUIRE(workload);
  REQUIRE(workload->operations.size() == 2);
  CHECK(workload->operations[0].line == 12);
  CHECK(workload->operations[0].path == "foo");
  CHECK(workload->operations[1].line == 15);
  CHECK(parsed("").operations.empty());
}

TEST_CASE("a repeat does its lines with each number", "[workload]") {
  const Workload short_form = parsed("repeat i 1 3 { link foo d/l_$i }");
  REQUIRE(short_form.operations.size() == 3);
  CHECK(to_text(short_form) == "link foo d/l_1\nlink foo d/l_2\nlink foo d/l_3\n");
  CHECK(short_form.operations[2].line == 1);
  CHECK(to_text(parsed("repeat i 0 1 {\n repeat j $i 1 {\n  creat \"${i} $j\"\n }\n"
                       "sync\n}\n")) ==
        "creat \"0 0\"\ncreat \"0 1\"\nsync\ncreat \"1 1\"\nsync\n");
  CHECK(to_text(parsed("repeat i 1 2 { write f ${i}K 1K }")) ==
        "write f 1K 1K\nwrite f 2K 1K\n");
  CHECK(parsed("repeat i 1 3000 { link foo l_$i }").operations.size() == 3000);
  // The inner one hides the outer one.
  CHECK(to_text(parsed("repeat i 7 7 { repeat i 1 1 { creat $i } creat $i }")) ==
        "creat 1\ncreat 7\n");
}

TEST_CASE("threads are numbered and grouped", "[workload]") {
  const char* text =
      "creat a\n"
      "threads {\n"
      "  thread x { write a 0 4K\n fsync a }\n"
      "  repeat i 1 2 { thread y$i { creat b$i } }\n"
      "}\n"
      "threads { thread x { sync } }\n"
      "sync\n";
  const Workload workload = parsed(text);
  REQUIRE(workload.operations.size() == 7);
  std::vector<std::uint32_t> threads;
  for (const Operation& operation : workload.operations) {
    threads.push_back(operation.thread);
  }
  CHECK(threads == std::vector<std::uint32_t>{0, 1, 1, 2, 3, 1, 0});
  REQUIRE(workload.groups.size() == 2);
  CHECK(workload.groups[0] == Workload::Group{1, 5});
  CHECK(workload.groups[1] == Workload::Group{5, 6});
  CHECK(without_lines(parsed(to_text(workload))) == without_lines(workload));
}

TEST_CASE("a write to a handle has the flags of the handle", "[workload]") {
  const Workload workload = parsed(
      "open @s foo create sync append\n"
      "write @s 0 4K\n"
      "append @s 4K\n"
      "fsync @s\n"
      "truncate @s 0\n"
      "close @s\n"
      "open @s foo dsync\n"
      "write @s 0 1\n"
      "close @s\n"
      "open @s foo\n"
      "write @s 0 1\n"
      "write foo 0 1\n");
  const std::vector<Operation>& all = workload.operations;
  CHECK(all[1].flags.sync);
  CHECK(all[1].flags.append);
  CHECK(all[1].path.empty());
  CHECK(all[1].handle == "s");
  CHECK(all[2].flags == all[0].flags);
  CHECK(all[3].flags == OpenFlags{});
  CHECK(all[4].flags == OpenFlags{});
  std::vector<bool> acknowledged;
  for (const Operation& operation : all) {
    acknowledged.push_back(is_acknowledgement(operation));
  }
  CHECK(acknowledged == std::vector<bool>{false, true, true, true, false, false, false,
                                          true, false, false, false, false});
  CHECK(to_text(all[1]) == "write @s 0 4K");
  CHECK(without_lines(parsed(to_text(workload))) == without_lines(workload));
}

TEST_CASE("only what waits for the disk acknowledges", "[workload]") {
  for (const char* text :
       {"fsync a", "fdatasync a", "sync", "syncfs", "msync a 0 1", "claim a b m"}) {
    CHECK(is_acknowledgement(one(text)));
  }
  for (const char* text :
       {"creat a", "mmap-write a 0 1", "read a 0 1", "overwrite a 0 512", "write a 0 1",
        "mark a", "drop-caches", "rename a b"}) {
    CHECK_FALSE(is_acknowledgement(one(text)));
  }
}

TEST_CASE("random workloads parse back from their text", "[workload]") {
  std::set<OpKind> kinds;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const Workload workload = RandomText(seed).workload(1 + seed % 50);
    const std::string text = to_text(workload);
    INFO("seed " << seed << "\n" << text);
    REQUIRE(without_lines(parsed(text)) == workload);
    REQUIRE(to_text(parsed(text)) == text);
    for (const Operation& operation : workload.operations) {
      kinds.insert(operation.kind);
    }
  }
  CHECK(kinds.size() == operation_table().size());
}

TEST_CASE("the nearest word is near", "[workload]") {
  const std::vector<std::string> known = {"fsync", "fdatasync", "sync", "rename"};
  CHECK(nearest_word("fsyn", known) == "fsync");
  CHECK(nearest_word("fysnc", known) == "fsync");
  CHECK(nearest_word("renmae", known) == "rename");
  CHECK(nearest_word("xyz", known).empty());
  CHECK(nearest_word("", known).empty());
  CHECK(nearest_word(std::string(100000, 'a'), known).empty());
}

}  // namespace
}  // namespace powercut
