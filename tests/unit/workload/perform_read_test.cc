// SPDX-License-Identifier: GPL-2.0-only
//
// Reads that know what they must find, and writes past the file system.

#include "base/fd.h"
#include "tests/unit/workload/performed.h"
#include "workload/workload_text.h"

#include <catch2/catch.hpp>

#include <fcntl.h>

#include <filesystem>
#include <functional>
#include <span>

namespace powercut {
namespace {

using test::Performed;
using test::stamped;

// Performs a text; `meddle` is called at each mark of the text.
Result<PerformResult> perform_text(Performed& here, const std::string& text,
                                   const std::function<void()>& meddle = {},
                                   bool overwrites = false) {
  PerformOptions options;
  options.root = here.root();
  options.mark = [&](std::string_view mark) -> Status {
    if (mark == "meddle" && meddle) {
      meddle();
    }
    return {};
  };
  if (overwrites) {
    options.overwrite = [](int, const std::string& path, std::uint64_t offset_bytes,
                           std::span<const std::byte> data) -> Status {
      if (path == "lost") {
        return fail(ErrorKind::kUsage, "it has no place");
      }
      CHECK(offset_bytes == 4096);
      CHECK(data.size() == 8192);
      return {};
    };
  }
  return perform(value_or_throw(parse_workload(text, {"test", 1})), options);
}

int error_of(const Result<PerformResult>& result) {
  REQUIRE(result);
  return result->failed ? result->failure.error_number : 0;
}

void write_into(const std::filesystem::path& file, std::uint64_t offset_bytes,
                const std::string& bytes) {
  const Fd fd = value_or_throw(Fd::open(file, O_WRONLY));
  REQUIRE(write_fully(fd, std::as_bytes(std::span(bytes)), offset_bytes, file));
}

const std::string kWritten =
    "creat f\nwrite f 0 3M\nwrite f 8K 5000 byte 0x41\ntruncate f 4M\nappend f 100\n"
    "mark meddle\n";

TEST_CASE("a read finds what was written, holes and all", "[perform][read]") {
  Performed here;
  CHECK(error_of(perform_text(here, kWritten + "read f 0 4194404\nread f 8191 2\n"
                                               "open @h f\nunlink f\nread @h 3M 1M\n"
                                               "write @h 0 4K\nread @h 0 64K\n")) == 0);
}

TEST_CASE("a read of another byte than was written fails", "[perform][read]") {
  for (const std::uint64_t at : {0U, 8192U, 13191U, (2U << 20) + 77U, (4U << 20) + 99U}) {
    INFO("byte " << at);
    Performed here;
    const auto meddle = [&] { write_into(here.root() / "f", at, "\x01"); };
    const Result<PerformResult> result =
        perform_text(here, kWritten + "read f 0 4194404\nsync\n", meddle);
    CHECK(error_of(result) == EBADMSG);
    CHECK(result->failure.operation == 6);
    // What lies elsewhere is as it was.
    Performed elsewhere;
    const auto meddle_there = [&] { write_into(elsewhere.root() / "f", at, "\x01"); };
    CHECK(error_of(
              perform_text(elsewhere, kWritten + "read f 16K 100\n", meddle_there)) == 0);
  }
}

TEST_CASE("a read of a file that became shorter fails", "[perform][read]") {
  Performed here;
  CHECK(error_of(perform_text(here, kWritten + "read f 3M 1M\n", [&] {
          std::filesystem::resize_file(here.root() / "f", (3 << 20) + 5000);
        })) == EBADMSG);
}

TEST_CASE("a reading thread goes on while others write other files", "[perform][read]") {
  Performed here;
  CHECK(error_of(perform_text(
            here,
            "creat f\nwrite f 0 64K\ncreat g\nthreads {\nthread r {\n"
            "repeat i 1 20 { read f 0 64K }\n}\nthread w {\nrepeat i 1 20 {\n"
            "append g 4K\nfsync g\n}\n}\n}\nread g 0 80K\n")) == 0);
}

TEST_CASE("a workload whose reads cannot be known is not performed", "[perform][read]") {
  Performed here;
  CHECK_FALSE(perform_text(here, "creat f\nread f 0 1\n"));
  CHECK_FALSE(here.status("f"));
}

TEST_CASE("an overwrite is done by who knows the disk, and fails without",
          "[perform][read]") {
  Performed here;
  CHECK(error_of(perform_text(here, "creat f\nwrite f 0 64K\noverwrite f 4K 8K\n", {},
                              true)) == 0);
  CHECK(here.content("f") == stamped(1, 0, 65536));
  Performed other;
  CHECK(error_of(perform_text(other, "creat f\nwrite f 0 64K\noverwrite f 4K 8K\n")) ==
        EOPNOTSUPP);
  Performed third;
  const Result<PerformResult> lost = perform_text(
      third, "creat lost\nwrite lost 0 64K\noverwrite lost 4K 8K\nsync\n", {}, true);
  REQUIRE_FALSE(lost);
  CHECK(lost.error().message == "line 3: 'overwrite lost 4K 8K': it has no place");
}

}  // namespace
}  // namespace powercut
