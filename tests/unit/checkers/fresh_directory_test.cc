// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/fresh_directory.h"

#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace powercut {
namespace {

namespace fs = std::filesystem;

TEST_CASE("a directory is fresh, its owner's alone, and goes with all that is in it",
          "[checkers][fresh_directory]") {
  const ScratchDir scratch;
  const fs::path path = scratch / "files";
  {
    FreshDirectory directory = value_or_throw(FreshDirectory::make(path));
    CHECK(fs::is_empty(path));
    CHECK((fs::status(path).permissions() & fs::perms::all) == fs::perms::owner_all);
    fs::create_directories(path / "a" / "b");
    std::ofstream(path / "a" / "file") << "x";
    CHECK(directory.remove());
    CHECK_FALSE(fs::exists(path));
    CHECK(directory.remove());
  }
  {
    const FreshDirectory directory = value_or_throw(FreshDirectory::make(path));
    std::ofstream(path / "file") << "x";
  }
  CHECK_FALSE(fs::exists(path));
}

TEST_CASE("leftovers of any kind are removed first", "[checkers][fresh_directory]") {
  const ScratchDir scratch;
  const fs::path outside = scratch / "outside";
  fs::create_directory(outside);
  std::ofstream(outside / "keep") << "x";
  const fs::path path = scratch / "files";
  fs::create_symlink(outside, path);
  CHECK(value_or_throw(FreshDirectory::make(path)).remove());
  std::ofstream(path.string()) << "a file";
  CHECK(value_or_throw(FreshDirectory::make(path)).remove());
  fs::create_directory(path);
  std::ofstream(path / "file") << "x";
  CHECK(fs::is_empty(value_or_throw(FreshDirectory::make(path)).path()));
  CHECK(fs::exists(outside / "keep"));
}

TEST_CASE("links that lead out are removed, not what they lead to",
          "[checkers][fresh_directory]") {
  const ScratchDir scratch;
  const fs::path outside = scratch / "outside";
  fs::create_directory(outside);
  std::ofstream(outside / "keep") << "x";
  FreshDirectory directory = value_or_throw(FreshDirectory::make(scratch / "files"));
  fs::create_directory(directory.path() / "a");
  fs::create_symlink(outside, directory.path() / "link");
  fs::create_symlink(outside, directory.path() / "a" / "link");
  fs::create_hard_link(outside / "keep", directory.path() / "a" / "twin");
  CHECK(directory.remove());
  CHECK(fs::exists(outside / "keep"));
  CHECK(fs::hard_link_count(outside / "keep") == 1);
}

TEST_CASE("neither depth nor permissions keep a directory from going",
          "[checkers][fresh_directory]") {
  const ScratchDir scratch;
  FreshDirectory directory = value_or_throw(FreshDirectory::make(scratch / "files"));
  // Deeper than there are descriptors, and than a path may be long.
  Fd at = value_or_throw(Fd::open(directory.path(), O_RDONLY | O_DIRECTORY));
  for (int depth = 0; depth < 3000; ++depth) {
    REQUIRE(::mkdirat(at.get(), "moved-1", 0700) == 0);
    at = Fd(::openat(at.get(), "moved-1", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(at.valid());
    const Fd file(::openat(at.get(), "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0));
    REQUIRE(file.valid());
    REQUIRE(::fchmod(at.get(), depth % 2 == 0 ? 0700 : 0300) == 0);
  }
  for (int i = 0; i < 5; ++i) {
    const fs::path closed = directory.path() / fmt::format("moved-{}", i + 2);
    fs::create_directories(closed / "inner");
    fs::permissions(closed / "inner", fs::perms::none);
    fs::permissions(closed, fs::perms::none);
  }
  const Status removed = directory.remove();
  INFO((removed ? "" : removed.error().message));
  CHECK(removed);
  CHECK_FALSE(fs::exists(scratch / "files"));
}

}  // namespace
}  // namespace powercut
