// SPDX-License-Identifier: GPL-2.0-only
//
// Modules of the kernel's source: which source, and the edits of it. That they build and
// do what they should is tests/guest/source_modules.sh.

#include "device/guest/source_module.h"

#include "base/subprocess.h"
#include "device/guest/kernel_source.h"
#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <vector>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

constexpr std::array<SourcePiece, 2> kPieces = {
    {{"a.c", "flush();", "0;"}, {"b.c", "done = true;\n", "done = false;\n"}}};
constexpr SourceEdit kEdit = {"no-flush", "123456789abc", kPieces};

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

// An environment variable, until the end of the test.
class Setting {
 public:
  Setting(const char* name, const fs::path& value) : name_(name) {
    if (const char* old = ::getenv(name)) {
      old_ = old;
    }
    ::setenv(name, value.c_str(), 1);
  }

  ~Setting() {
    if (old_) {
      ::setenv(name_, old_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }

  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

 private:
  const char* name_;
  std::optional<std::string> old_;
};

// A kernel 9.8.7 that was "built" here, with headers and without sources.
class Kernel {
 public:
  Kernel() : cache_("XDG_CACHE_HOME", scratch_ / "cache") {
    write(tree() / "include/config/kernel.release", "9.8.0-1-test\n");
    write(tree() / "modules.order", "kernel/drivers/md/dm-mod.ko\n");
    write(tree() / "modules.builtin", "");
    write(tree() / "Makefile", "all:\n");
    write(tree() / "Module.symvers", "");
    write(tree() / "include/generated/uapi/linux/version.h",
          "#define LINUX_VERSION_CODE 591879\n#define LINUX_VERSION_MAJOR 9\n"
          "#define LINUX_VERSION_PATCHLEVEL 8\n#define LINUX_VERSION_SUBLEVEL 7\n");
  }

  fs::path tree() const { return scratch_ / "tree"; }

  fs::path packages() const { return scratch_ / "packages"; }

  ModuleTree modules() const { return value_or_throw(ModuleTree::open(tree())); }

  // Of the version "9.8.SUBLEVEL"; `files` are empty but for their names.
  void make_package(const std::string& sublevel, const std::vector<std::string>& files) {
    const fs::path source = scratch_ / "linux-source-9.8";
    fs::remove_all(source);
    write(source / "Makefile",
          "# first\nVERSION = 9\nPATCHLEVEL = 8\nSUBLEVEL = " + sublevel + "\n");
    for (const std::string& file : files) {
      write(source / file, file);
    }
    fs::create_directories(packages());
    SubprocessOptions tar;
    tar.argv = {"tar", "-cJf",        packages() / "linux-source-9.8.tar.xz",
                "-C",  scratch_ / "", "linux-source-9.8"};
    REQUIRE(value_or_throw(run_subprocess(tar)).succeeded());
  }

  Error build_error(std::string_view name, std::string_view edit) const {
    const Result<fs::path> built = build_source_module(name, edit, modules(), packages());
    REQUIRE_FALSE(built);
    return built.error();
  }

 private:
  ScratchDir scratch_;
  Setting cache_;
};

TEST_CASE("an edit puts its words in place of those it finds once", "[device][guest]") {
  CHECK(value_or_throw(edit_source("r = flush();\nx;", "a.c", kEdit)) == "r = 0;\nx;");
  CHECK(value_or_throw(edit_source("done = true;\n", "b.c", kEdit)) == "done = false;\n");
  CHECK(value_or_throw(edit_source("flush(); flush();", "c.c", kEdit)) ==
        "flush(); flush();");
}

TEST_CASE("an edit refuses a source that it does not know", "[device][guest]") {
  const Result<std::string> nowhere = edit_source("r = flush (0);", "a.c", kEdit);
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().kind == ErrorKind::kBadInput);
  CHECK(nowhere.error().message ==
        "a.c is not known to the edit no-flush: 'flush();' is there nowhere");
  CHECK_THAT(nowhere.error().hint, Contains("123456789abc"));
  const Result<std::string> twice = edit_source("flush(); flush();", "a.c", kEdit);
  REQUIRE_FALSE(twice);
  CHECK_THAT(twice.error().message, Contains("more than once"));
}

TEST_CASE("edits of the table are short, and of files of their module",
          "[device][guest]") {
  for (const SourceModule& module : source_modules()) {
    for (const SourceEdit& edit : module.edits) {
      CHECK_FALSE(edit.pieces.empty());
      for (const SourcePiece& piece : edit.pieces) {
        const std::string unit(piece.file.substr(0, piece.file.rfind(".c")));
        CHECK(std::ranges::count(module.units, unit) == 1);
        CHECK(std::ranges::count(piece.find, '\n') <= 1);
        CHECK(piece.find != piece.replace);
      }
    }
  }
}

TEST_CASE("a Makefile and a header tell the version of their kernel", "[device][guest]") {
  CHECK(version_in_makefile("VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 170\nEXTRAVERSION ="
                            "\n") == "6.1.170");
  CHECK(version_in_makefile("VERSION = 6\nPATCHLEVEL = 1\n").empty());
  CHECK(version_in_makefile("MYVERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 1\n").empty());
  CHECK(version_in_makefile("VERSION = \nPATCHLEVEL = 1\nSUBLEVEL = 1\n").empty());
  CHECK(version_in_makefile("").empty());
  CHECK(version_in_header("#define LINUX_VERSION_MAJOR 6\n#define "
                          "LINUX_VERSION_PATCHLEVEL 12\n#define LINUX_VERSION_SUBLEVEL "
                          "0") == "6.12.0");
}

TEST_CASE("there is no module and no edit but those of the table", "[device][guest]") {
  const Kernel kernel;
  const Error module = kernel.build_error("dm-cache", "");
  CHECK(module.kind == ErrorKind::kUsage);
  CHECK(module.message == "no module 'dm-cache' that is built from a source");
  CHECK_THAT(module.hint, Contains("dm-clone:no-destination-flush"));
  const Error edit = kernel.build_error("dm-clone", "no-data-flush");
  CHECK(edit.kind == ErrorKind::kUsage);
  CHECK(edit.message == "no edit 'no-data-flush' of the module dm-clone");
}

TEST_CASE("a module that the kernel has built in is refused", "[device][guest]") {
  const Kernel kernel;
  write(kernel.tree() / "modules.builtin", "kernel/drivers/md/dm-clone.ko\n");
  const Error error = kernel.build_error("dm-clone", "");
  CHECK(error.kind == ErrorKind::kUsage);
  CHECK_THAT(error.message, Contains("built in"));
}

TEST_CASE("what is missing to build a module is told with its package",
          "[device][guest]") {
  const Kernel kernel;
  const Error source = kernel.build_error("dm-clone", "");
  CHECK(source.kind == ErrorKind::kMissing);
  CHECK_THAT(source.message, Contains("linux-source-9.8.tar.xz"));
  CHECK_THAT(source.hint, Contains("apt-get install linux-source-9.8"));
  fs::remove(kernel.tree() / "Module.symvers");
  const Error headers = kernel.build_error("dm-clone", "");
  CHECK(headers.kind == ErrorKind::kMissing);
  CHECK(headers.hint == "apt-get install linux-headers-9.8.0-1-test");
}

TEST_CASE("sources are those of the kernel's tree if it has them", "[device][guest]") {
  const Kernel kernel;
  const std::vector<std::string> files = {"drivers/md/a.c", "drivers/md/b.h"};
  write(kernel.tree() / "source/drivers/md/a.c", "");
  CHECK_FALSE(kernel_source(kernel.modules(), files, kernel.packages()));
  write(kernel.tree() / "source/drivers/md/b.h", "");
  CHECK(value_or_throw(kernel_source(kernel.modules(), files, kernel.packages())) ==
        kernel.modules().build_directory() / "source");
}

TEST_CASE("files are taken out of a package once", "[device][guest]") {
  Kernel kernel;
  const std::vector<std::string> files = {"drivers/md/a.c", "drivers/md/b.h"};
  kernel.make_package("7", {"drivers/md/a.c", "drivers/md/b.h", "drivers/md/c.c"});
  const fs::path source =
      value_or_throw(kernel_source(kernel.modules(), files, kernel.packages()));
  CHECK(value_or_throw(read_source(source / "drivers/md/b.h")) == "drivers/md/b.h");
  CHECK_FALSE(fs::exists(source / "drivers/md/c.c"));
  write(source / "left", "");
  CHECK(value_or_throw(kernel_source(kernel.modules(), files, kernel.packages())) ==
        source);
  CHECK(fs::exists(source / "left"));
  // Another package under that name.
  kernel.make_package("7", {"drivers/md/a.c", "drivers/md/b.h"});
  CHECK(value_or_throw(kernel_source(kernel.modules(), files, kernel.packages())) !=
        source);
}

TEST_CASE("a package that does not fit the kernel is refused", "[device][guest]") {
  Kernel kernel;
  kernel.make_package("6", {"drivers/md/a.c"});
  const Result<fs::path> other =
      kernel_source(kernel.modules(), {"drivers/md/a.c"}, kernel.packages());
  REQUIRE_FALSE(other);
  CHECK(other.error().kind == ErrorKind::kMissing);
  CHECK_THAT(other.error().message,
             Contains("has the sources of Linux 9.8.6, and kernel 9.8.0-1-test is Linux "
                      "9.8.7"));
  const Result<fs::path> without =
      kernel_source(kernel.modules(), {"drivers/md/z.c"}, kernel.packages());
  REQUIRE_FALSE(without);
  CHECK(without.error().kind == ErrorKind::kBadInput);
  CHECK_THAT(without.error().message, Contains("drivers/md/z.c"));
}

TEST_CASE("a package cannot be unpacked without xz", "[device][guest]") {
  Kernel kernel;
  kernel.make_package("7", {"drivers/md/a.c"});
  const Setting path("PATH", "/nonexistent");
  const Result<fs::path> source =
      kernel_source(kernel.modules(), {"drivers/md/a.c"}, kernel.packages());
  REQUIRE_FALSE(source);
  CHECK(source.error().kind == ErrorKind::kMissing);
  CHECK(source.error().hint == "apt-get install xz-utils");
}

TEST_CASE("a module is not built from a source that its edit does not know",
          "[device][guest]") {
  const Kernel kernel;
  for (const char* name :
       {"dm-clone-target.c", "dm-clone-metadata.c", "dm-thin.c", "dm-thin-metadata.c",
        "dm.h", "dm-stats.h", "dm-bio-prison-v1.h", "dm-clone-metadata.h",
        "dm-thin-metadata.h", "persistent-data/dm-array.h", "persistent-data/dm-bitset.h",
        "persistent-data/dm-block-manager.h", "persistent-data/dm-btree.h",
        "persistent-data/dm-space-map.h", "persistent-data/dm-space-map-disk.h",
        "persistent-data/dm-space-map-metadata.h",
        "persistent-data/dm-transaction-manager.h"}) {
    write(kernel.tree() / "drivers/md" / name, "int a;\n");
  }
  for (const SourceModule& module : source_modules()) {
    for (const SourceEdit& edit : module.edits) {
      const Error error = kernel.build_error(module.name, edit.name);
      CHECK(error.kind == ErrorKind::kBadInput);
      CHECK_THAT(error.message, Contains(std::string(edit.name)));
    }
  }
  // Without an edit it is make that knows no kernel here.
  const Error error = kernel.build_error("dm-clone", "");
  CHECK_THAT(error.message, Contains("cannot build the module dm-clone"));
}

}  // namespace
}  // namespace powercut
