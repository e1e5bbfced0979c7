// SPDX-License-Identifier: GPL-2.0-only
//
// A new file takes the place of a file, and of nothing else.

#include "base/new_file.h"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace powercut {
namespace {

namespace fs = std::filesystem;

class Directory {
 public:
  Directory() {
    std::string name = fs::temp_directory_path() / "new-file-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }

  ~Directory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  fs::path operator/(const char* name) const { return path_ / name; }

 private:
  fs::path path_;
};

std::string text_of(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

TEST_CASE("a file comes whole or not at all", "[base][new_file]") {
  const Directory directory;
  write(directory / "there", "old");
  {
    const NewFile file(directory / "there");
    write(file.partial(), "half");
  }
  CHECK(text_of(directory / "there") == "old");
  CHECK_FALSE(fs::exists(directory / "there.partial"));
  NewFile file(directory / "there");
  write(file.partial(), "new");
  CHECK(file.finish());
  CHECK(text_of(directory / "there") == "new");
}

TEST_CASE("a link stays, and what it leads to is written", "[base][new_file]") {
  const Directory directory;
  write(directory / "target", "old");
  fs::create_symlink("target", directory / "link");
  REQUIRE(NewFile::check(directory / "link", ""));
  NewFile file(directory / "link");
  write(file.partial(), "new");
  CHECK(file.finish());
  CHECK(fs::is_symlink(directory / "link"));
  CHECK(text_of(directory / "target") == "new");
}

TEST_CASE("what is no file is not replaced", "[base][new_file]") {
  const Directory directory;
  const fs::path fifo = directory / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const Status refused = NewFile::check(fifo, "");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::kUsage);
  CHECK_FALSE(NewFile::check("/dev/null", ""));
  CHECK_FALSE(NewFile::check("/dev/null", "", NewFile::Devices::kInPlace));
  CHECK_FALSE(NewFile::check(directory / "", ""));
  CHECK_FALSE(NewFile::check(directory / "nowhere" / "file", ""));
  CHECK(NewFile::check(directory / "file", ""));
  // Nor is it when nobody asked before.
  NewFile file(fifo);
  write(file.partial(), "new");
  CHECK_FALSE(file.finish());
  CHECK(fs::is_fifo(fifo));
}

TEST_CASE("the file that it is made from is not overwritten", "[base][new_file]") {
  const Directory directory;
  write(directory / "log", "old");
  fs::create_symlink("log", directory / "link");
  CHECK_FALSE(NewFile::check(directory / "log", directory / "log"));
  CHECK_FALSE(NewFile::check(directory / "link", directory / "log"));
}

}  // namespace
}  // namespace powercut
