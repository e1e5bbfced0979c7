// SPDX-License-Identifier: GPL-2.0-only

#include "base/subprocess.h"
#include "device/instant_nodes.h"
#include "device/open_instants.h"
#include "tests/support/memory_sink.h"

#include <catch2/catch.hpp>

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

namespace powercut {
namespace {

using test::MemorySource;

constexpr std::size_t kSize = 1 << 16;

// d/0 ... d/99, of which each holds its number; d/bad cannot be made.
class NumberTree final : public InstantTree {
 public:
  std::optional<InstantEntry> find(const std::string& path) const override {
    if (path.empty() || path == "d") {
      return InstantEntry{true, 0};
    }
    return path.starts_with("d/") ? std::optional(InstantEntry{false, kSize})
                                  : std::nullopt;
  }

  std::size_t listed_count(const std::string& /*directory*/) const override { return 0; }

  std::string listed_name(const std::string& /*directory*/,
                          std::size_t /*index*/) const override {
    return {};
  }

  Result<std::shared_ptr<const BlockSource>> source(
      const std::string& path) const override {
    ++made;
    if (path == "d/bad") {
      return fail(ErrorKind::kUsage, "it is bad");
    }
    return std::make_shared<MemorySource>(kSize, std::byte(std::stoi(path.substr(2))));
  }

  mutable std::atomic<int> made{0};
};

using Instant = OpenInstants::Instant;

int byte_of(Instant* instant) {
  std::array<std::byte, 1> byte = {};
  REQUIRE(OpenInstants::disk(*instant).read(1000, byte) == 0);
  return static_cast<int>(byte[0]);
}

void write_to(Instant* instant) {
  const std::array<std::byte, 1> byte = {std::byte{200}};
  REQUIRE(OpenInstants::disk(*instant).write(1000, byte) == 0);
}

Instant* opened(OpenInstants& instants, const std::string& path, pid_t writer = 0) {
  return value_or_throw(instants.open(path, writer));
}

// A process that runs until it is told to end.
struct Writer {
  Writer() {
    SubprocessOptions options;
    options.argv = {"sleep", "1000"};
    child.emplace(value_or_throw(Subprocess::start(options)));
  }

  void end() {
    child->kill_group(SIGKILL);
    value_or_throw(child->wait());
  }

  std::optional<Subprocess> child;
};

TEST_CASE("a disk is made at the first open, and shared by all", "[device][instants]") {
  const NumberTree tree;
  OpenInstants instants(tree, false);
  Instant* const first = opened(instants, "d/7");
  CHECK(opened(instants, "d/7") == first);
  CHECK(tree.made == 1);
  Instant* const other = opened(instants, "d/8");
  write_to(first);
  CHECK(byte_of(first) == 200);
  CHECK(byte_of(other) == 8);
  CHECK(instants.held() == 2);
}

TEST_CASE("what was written is forgotten with the last handle", "[device][instants]") {
  const NumberTree tree;
  OpenInstants instants(tree, false);
  Instant* const first = opened(instants, "d/7");
  opened(instants, "d/7");
  write_to(first);
  instants.close(first);
  CHECK(byte_of(first) == 200);
  instants.close(first);
  CHECK(instants.held() == 0);
  CHECK(byte_of(opened(instants, "d/7")) == 7);
}

TEST_CASE("a closed disk is kept while a program runs that wrote to it",
          "[device][instants]") {
  const NumberTree tree;
  OpenInstants instants(tree, false);
  Writer writer;
  const pid_t pid = writer.child->pid();
  Instant* const other = opened(instants, "d/6", pid);
  write_to(other);
  instants.wrote(*other, ::getpid());  // who has not opened it
  instants.close(other);
  CHECK(instants.held() == 0);
  Instant* const first = opened(instants, "d/7", pid);
  write_to(first);
  instants.wrote(*first, pid);
  instants.close(first);
  CHECK(instants.held() == 1);
  Instant* const again = opened(instants, "d/7");
  CHECK(byte_of(again) == 200);
  instants.close(again);
  CHECK(instants.held() == 1);
  writer.end();
  CHECK(byte_of(opened(instants, "d/7")) == 7);
}

TEST_CASE("of closed disks a bounded number is kept, the oldest goes first",
          "[device][instants]") {
  const NumberTree tree;
  OpenInstants instants(tree, false);
  for (std::size_t i = 0; i <= OpenInstants::kMostKept; ++i) {
    Instant* const instant = opened(instants, "d/" + std::to_string(i), ::getpid());
    write_to(instant);
    instants.wrote(*instant, ::getpid());
    instants.close(instant);
  }
  CHECK(instants.held() == OpenInstants::kMostKept);
  CHECK(byte_of(opened(instants, "d/1")) == 200);
  CHECK(byte_of(opened(instants, "d/0")) == 0);
}

TEST_CASE("a disk that cannot be made is an error and leaves nothing",
          "[device][instants]") {
  const NumberTree tree;
  OpenInstants instants(tree, false);
  CHECK_FALSE(instants.open("d/bad", 0));
  CHECK(instants.held() == 0);
}

TEST_CASE("read-only disks refuse writes", "[device][instants]") {
  const NumberTree tree;
  OpenInstants instants(tree, true);
  const std::array<std::byte, 512> bytes = {};
  CHECK(OpenInstants::disk(*opened(instants, "d/7")).write(0, bytes) == EROFS);
}

TEST_CASE("several threads open, write and close the same disks", "[device][instants]") {
  const NumberTree tree;
  OpenInstants instants(tree, false);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        const int number = (i + t) % 5;
        Instant* const instant = opened(instants, "d/" + std::to_string(number));
        std::array<std::byte, 1> byte = {};
        const int error = OpenInstants::disk(*instant).read(77, byte);
        wrong += error == 0 && byte[0] == std::byte(number) ? 0 : 1;
        instants.close(instant);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(wrong == 0);
  CHECK(instants.held() == 0);
}

TEST_CASE("a name keeps its number until it is forgotten as often as looked up",
          "[device][instants]") {
  const NumberTree tree;
  InstantNodes nodes(tree);
  const std::uint64_t directory = nodes.look_up(InstantNodes::kRoot, "d");
  REQUIRE(directory != 0);
  const std::uint64_t seven = nodes.look_up(directory, "7");
  CHECK(nodes.look_up(directory, "7") == seven);
  CHECK(nodes.look_up(directory, "8") != seven);
  CHECK(nodes.find(seven)->path == "d/7");
  CHECK(nodes.find(seven)->inode == InstantNodes::inode_of("d/7"));
  nodes.forget(seven, 1);
  CHECK(nodes.find(seven));
  nodes.forget(seven, 1);
  CHECK_FALSE(nodes.find(seven));
  CHECK(nodes.known() == 3);
  nodes.forget(seven, 1);
  nodes.forget(InstantNodes::kRoot, 1000);
  CHECK(nodes.find(InstantNodes::kRoot));
  CHECK(nodes.find(nodes.look_up(directory, "7"))->inode ==
        InstantNodes::inode_of("d/7"));
}

TEST_CASE("names that are not there, or cannot be names, have no number",
          "[device][instants]") {
  const NumberTree tree;
  InstantNodes nodes(tree);
  CHECK(nodes.look_up(InstantNodes::kRoot, "e") == 0);
  CHECK(nodes.look_up(InstantNodes::kRoot, "") == 0);
  CHECK(nodes.look_up(InstantNodes::kRoot, "d/7") == 0);
  CHECK(nodes.look_up(12345, "d") == 0);
  const std::uint64_t directory = nodes.look_up(InstantNodes::kRoot, "d");
  CHECK(nodes.look_up(nodes.look_up(directory, "7"), "8") == 0);  // below a file
}

}  // namespace
}  // namespace powercut
