// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/cpio_writer.h"

#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <map>

namespace powercut {
namespace {

struct Entry {
  unsigned long mode = 0;
  unsigned long major_number = 0;
  unsigned long minor_number = 0;
  std::string data;
};

std::string read_all(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::size_t aligned(std::size_t at) {
  return (at + 3) / 4 * 4;
}

// A reader of its own, after the kernel's buffer-format.rst.
std::map<std::string, Entry> parse(const std::string& bytes,
                                   std::vector<std::string>& order) {
  std::map<std::string, Entry> entries;
  for (std::size_t at = 0;;) {
    REQUIRE(bytes.size() >= at + 110);
    REQUIRE(bytes.substr(at, 6) == "070701");
    const auto field = [&](std::size_t index) {
      return std::stoul(bytes.substr(at + 6 + 8 * index, 8), nullptr, 16);
    };
    const std::size_t name_bytes = field(11);
    const std::string name = bytes.substr(at + 110, name_bytes - 1);
    REQUIRE(bytes[at + 110 + name_bytes - 1] == '\0');
    if (name == "TRAILER!!!") {
      REQUIRE(aligned(at + 110 + name_bytes) == bytes.size());
      return entries;
    }
    Entry entry{field(1), field(9), field(10), {}};
    const std::size_t data_bytes = field(6);
    const std::size_t data = aligned(at + 110 + name_bytes);
    entry.data = bytes.substr(data, data_bytes);
    REQUIRE(entry.data.size() == data_bytes);
    REQUIRE(entries.emplace(name, entry).second);
    order.push_back(name);
    at = aligned(data + data_bytes);
  }
}

TEST_CASE("an archive parses back to what was put in", "[device][guest][cpio]") {
  const ScratchDir scratch;
  std::ofstream(scratch / "host") << "from the host, and more";
  CpioWriter writer = value_or_throw(CpioWriter::create(scratch / "archive"));
  REQUIRE(writer.add_file("/etc/a/b", 0640, "five!"));
  REQUIRE(writer.add_file("/empty", 0600, ""));
  REQUIRE(writer.add_symlink("/bin", "usr/bin"));
  REQUIRE(writer.add_directory("/tmp", 01777));
  REQUIRE(writer.add_host_file("/usr/host", 0755, scratch / "host", 13));
  REQUIRE(writer.add_character_device("/dev/console", 0600, 5, 1));
  REQUIRE(writer.finish());
  const std::string bytes = read_all(scratch / "archive");
  CHECK(bytes.size() == writer.size_bytes());
  std::vector<std::string> order;
  std::map<std::string, Entry> entries = parse(bytes, order);
  CHECK(order == std::vector<std::string>{"etc", "etc/a", "etc/a/b", "empty", "bin",
                                          "tmp", "usr", "usr/host", "dev",
                                          "dev/console"});
  CHECK(entries["etc"].mode == (S_IFDIR | 0755));
  CHECK(entries["etc/a/b"].mode == (S_IFREG | 0640));
  CHECK(entries["etc/a/b"].data == "five!");
  CHECK(entries["empty"].data.empty());
  CHECK(entries["bin"].mode == (S_IFLNK | 0777));
  CHECK(entries["bin"].data == "usr/bin");
  CHECK(entries["tmp"].mode == (S_IFDIR | 01777));
  CHECK(entries["usr/host"].data == "from the host");
  CHECK(entries["dev/console"].mode == (S_IFCHR | 0600));
  CHECK(entries["dev/console"].major_number == 5);
  CHECK(entries["dev/console"].minor_number == 1);
}

TEST_CASE("a path that is there already is left out", "[device][guest][cpio]") {
  const ScratchDir scratch;
  CpioWriter writer = value_or_throw(CpioWriter::create(scratch / "archive"));
  REQUIRE(writer.add_file("/a/b", 0644, "first"));
  const std::uint64_t bytes = writer.size_bytes();
  REQUIRE(writer.add_file("/a/./b", 0644, "second"));
  REQUIRE(writer.add_directory("/a", 0700));
  CHECK(writer.size_bytes() == bytes);
  CHECK(writer.contains("/a/b"));
  CHECK(writer.contains("/"));
  CHECK_FALSE(writer.contains("/b"));
}

TEST_CASE("a host file that is shorter than said is an error", "[device][guest][cpio]") {
  const ScratchDir scratch;
  std::ofstream(scratch / "host") << "short";
  CpioWriter writer = value_or_throw(CpioWriter::create(scratch / "archive"));
  CHECK_FALSE(writer.add_host_file("/host", 0644, scratch / "host", 6));
}

}  // namespace
}  // namespace powercut
