// SPDX-License-Identifier: GPL-2.0-only

#include "tests/unit/workload/performed.h"

#include <catch2/catch.hpp>

#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <filesystem>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using test::open_as;
using test::operation;
using test::Performed;
using test::two_paths;

Operation with_mode(Operation made, std::uint32_t mode) {
  made.mode = mode;
  return made;
}

Operation rename_as(RenameMode mode, const std::string& from, const std::string& to) {
  Operation made = two_paths(OpKind::kRename, from, to);
  made.rename = mode;
  return made;
}

Operation symlink_to(const std::string& target, const std::string& path) {
  Operation made = operation(OpKind::kSymlink, path);
  made.text = target;
  return made;
}

Operation set_attribute(const std::string& path, const std::string& name,
                        const std::string& value) {
  Operation made = operation(OpKind::kSetXattr, path);
  made.text = name;
  made.value = value;
  return made;
}

std::optional<std::string> attribute(const fs::path& path, const char* name) {
  std::array<char, 256> value{};
  const ssize_t got = ::getxattr(path.c_str(), name, value.data(), value.size());
  return got < 0
             ? std::nullopt
             : std::optional(std::string(value.data(), static_cast<std::size_t>(got)));
}

TEST_CASE("files and directories are made with the modes that are asked for",
          "[perform]") {
  Performed here;
  const mode_t before = ::umask(077);
  const PerformResult result =
      here.run({operation(OpKind::kMkdir, "d"), operation(OpKind::kCreate, "d/f"),
                with_mode(operation(OpKind::kMkdir, "d/e"), 01777),
                with_mode(operation(OpKind::kCreate, "d/g"), 0666),
                with_mode(open_as("h", "d/h", {.create = true}), 0602)});
  CHECK(::umask(before) == 077);
  CHECK_FALSE(result.failed);
  CHECK(result.done == 5);
  CHECK(here.status("d")->st_mode == (S_IFDIR | 0755));
  CHECK(here.status("d/f")->st_mode == (S_IFREG | 0644));
  CHECK(here.status("d/e")->st_mode == (S_IFDIR | 01777));
  CHECK(here.status("d/g")->st_mode == (S_IFREG | 0666));
  CHECK(here.status("d/h")->st_mode == (S_IFREG | 0602));
}

TEST_CASE("names are linked, renamed, exchanged and removed", "[perform]") {
  Performed here;
  here.run({operation(OpKind::kMkdir, "d"), operation(OpKind::kCreate, "d/f"),
            operation(OpKind::kCreate, "g")});
  const std::uint64_t f = here.inode("d/f");
  const std::uint64_t g = here.inode("g");
  SECTION("link") {
    CHECK(here.error_of({two_paths(OpKind::kLink, "d/f", "other")}) == 0);
    CHECK(here.inode("other") == f);
    CHECK(here.inode("d/f") == f);
    CHECK(here.error_of({two_paths(OpKind::kLink, "d/f", "g")}) == EEXIST);
  }
  SECTION("rename") {
    CHECK(here.error_of({rename_as(RenameMode::kReplace, "d/f", "g")}) == 0);
    CHECK(here.inode("g") == f);
    CHECK_FALSE(here.status("d/f"));
  }
  SECTION("rename noreplace") {
    CHECK(here.error_of({rename_as(RenameMode::kNoReplace, "d/f", "g")}) == EEXIST);
    CHECK(here.inode("g") == g);
    CHECK(here.error_of({rename_as(RenameMode::kNoReplace, "d/f", "h")}) == 0);
    CHECK(here.inode("h") == f);
  }
  SECTION("rename exchange") {
    CHECK(here.error_of({rename_as(RenameMode::kExchange, "d/f", "g")}) == 0);
    CHECK(here.inode("g") == f);
    CHECK(here.inode("d/f") == g);
  }
  SECTION("unlink and rmdir") {
    CHECK(here.error_of({operation(OpKind::kRmdir, "d")}) == ENOTEMPTY);
    CHECK(here.error_of({operation(OpKind::kUnlink, "d")}) == EISDIR);
    CHECK(here.error_of(
              {operation(OpKind::kUnlink, "d/f"), operation(OpKind::kRmdir, "d")}) == 0);
    CHECK_FALSE(here.status("d"));
  }
}

TEST_CASE("symbolic links and nodes are made and not followed", "[perform]") {
  Performed here;
  Operation node = operation(OpKind::kMknod, "pipe");
  REQUIRE(here.error_of({symlink_to("no such thing", "s"), node}) == 0);
  CHECK(fs::read_symlink(here.root() / "s") == "no such thing");
  CHECK(S_ISFIFO(here.status("pipe")->st_mode));
  CHECK(here.error_of({two_paths(OpKind::kLink, "s", "t")}) == 0);
  CHECK(here.inode("t") == here.inode("s"));
  node.path = "null";
  node.node = NodeKind::kCharDevice;
  node.user = 1;
  node.group = 3;
  if (const int failed = here.error_of({node}); failed == EPERM) {
    WARN("device nodes are not permitted here");
  } else {
    REQUIRE(failed == 0);
    CHECK(S_ISCHR(here.status("null")->st_mode));
    CHECK(here.status("null")->st_rdev == makedev(1, 3));
    // A write to it would lead out of the file system.
    CHECK(here.error_of({test::write_to("null", 0, 1)}) == ENXIO);
  }
}

TEST_CASE("a pipe is never waited for", "[perform]") {
  Performed here;
  CHECK(here.error_of({operation(OpKind::kMknod, "pipe"),
                       operation(OpKind::kFsync, "pipe")}) == ENXIO);
}

TEST_CASE("attributes are those of the name and not of what a link leads to",
          "[perform]") {
  Performed here;
  REQUIRE(here.error_of({operation(OpKind::kCreate, "f"), symlink_to("f", "s")}) == 0);
  CHECK(here.error_of({with_mode(operation(OpKind::kChmod, "f"), 0)}) == 0);
  CHECK(here.status("f")->st_mode == S_IFREG);
  CHECK(here.error_of({with_mode(operation(OpKind::kChmod, "f"), 06751)}) == 0);
  CHECK(here.status("f")->st_mode == (S_IFREG | 06751));
  CHECK(here.error_of({with_mode(operation(OpKind::kChmod, "s"), 0600)}) == ELOOP);
  CHECK(here.status("f")->st_mode == (S_IFREG | 06751));
  CHECK(here.error_of({with_mode(operation(OpKind::kChmod, "/"), 0711)}) == 0);
  CHECK(here.status("")->st_mode == (S_IFDIR | 0711));
  Operation owner = operation(OpKind::kChown, "s");
  owner.user = ::geteuid() == 0 ? 1234 : ::geteuid();
  owner.group = ::geteuid() == 0 ? 4321 : ::getegid();
  CHECK(here.error_of({owner}) == 0);
  CHECK(here.status("s")->st_uid == owner.user);
  CHECK(here.status("s")->st_gid == owner.group);
  CHECK(here.status("f")->st_uid == ::geteuid());
}

TEST_CASE("extended attributes are set and removed", "[perform]") {
  Performed here;
  const std::string value("a\0b", 3);
  REQUIRE(here.error_of({operation(OpKind::kCreate, "f"), symlink_to("f", "s")}) == 0);
  const int failed = here.error_of({set_attribute("f", "user.note", value)});
  if (failed == EOPNOTSUPP) {
    WARN("this file system has no extended attributes of users");
    return;
  }
  REQUIRE(failed == 0);
  CHECK(attribute(here.root() / "f", "user.note") == value);
  CHECK(here.error_of({set_attribute("s", "user.note", "x")}) == ELOOP);
  Operation removal = operation(OpKind::kRemoveXattr, "f");
  removal.text = "user.note";
  CHECK(here.error_of({removal}) == 0);
  CHECK_FALSE(attribute(here.root() / "f", "user.note"));
  CHECK(here.error_of({removal}) == ENODATA);
}

TEST_CASE("a file without a name gets one", "[perform]") {
  Performed here;
  const int failed = here.error_of(
      {operation(OpKind::kMkdir, "d"), open_as("h", "d", {.tmpfile = true}),
       test::write_to("@h", 0, 700), two_paths(OpKind::kLink, "@h", "d/f")});
  if (failed == EOPNOTSUPP) {
    WARN("this file system has no O_TMPFILE");
    return;
  }
  REQUIRE(failed == 0);
  CHECK(here.content("d/f") == test::stamped(2, 0, 700));
  CHECK(here.marks.back() ==
        fmt::format("operations-done 0:{} 1:{}", here.inode("d"), here.inode("d/f")));
}

TEST_CASE("no operation leaves the root", "[perform]") {
  Performed here;
  fs::create_directory(here.outside());
  std::ofstream(here.outside() / "f") << "mine";
  fs::create_symlink(here.outside(), here.root() / "out");
  fs::create_symlink(here.outside() / "f", here.root() / "file");
  fs::create_directory(here.root() / "d");
  const std::string absolute = here.outside() / "f";
  for (const std::string& path :
       {std::string("out/f"), std::string("file"), std::string("../outside/f"),
        std::string("d/../../outside/f"), std::string("d/.."), absolute}) {
    INFO(path);
    const int to_file = here.error_of({test::write_to(path, 0, 4)});
    CHECK((to_file == ELOOP || to_file == EXDEV || to_file == EINVAL));
    CHECK(here.error_of({with_mode(operation(OpKind::kChmod, path), 0777)}) == to_file);
    CHECK(here.error_of({open_as("h", path, {.truncate = true})}) == to_file);
    CHECK(here.error_of({open_as("h", path, {.create = true})}) == to_file);
  }
  for (const std::string& path :
       {std::string("out/g"), std::string("../outside/g"), std::string("d/../../g"),
        std::string("d/.."), std::string(".."), absolute + "g"}) {
    INFO(path);
    for (const OpKind kind :
         {OpKind::kMkdir, OpKind::kMknod, OpKind::kSymlink, OpKind::kCreate,
          OpKind::kUnlink, OpKind::kRmdir, OpKind::kChown}) {
      Operation made = operation(kind, path);
      made.text = "target";
      const int failed = here.error_of({made});
      CHECK(
          (failed == ELOOP || failed == EXDEV || failed == EINVAL || failed == ENOTDIR));
    }
    CHECK(here.error_of({operation(OpKind::kCreate, "in"),
                         two_paths(OpKind::kRename, "in", path)}) != 0);
    CHECK(here.status("in"));
    CHECK(here.error_of({two_paths(OpKind::kLink, "in", path)}) != 0);
    fs::remove(here.root() / "in");
  }
  std::size_t names = 0;
  for ([[maybe_unused]] const fs::directory_entry& entry :
       fs::directory_iterator(here.outside())) {
    ++names;
  }
  CHECK(names == 1);
  CHECK(fs::file_size(here.outside() / "f") == 4);
}

TEST_CASE("a root that is no directory is an error", "[perform]") {
  Performed here;
  fs::remove(here.root());
  CHECK_FALSE(here.perform({}));
  std::ofstream(here.root()) << "a file";
  CHECK_FALSE(here.perform({}));
  CHECK(here.marks.empty());
}

}  // namespace
}  // namespace powercut
