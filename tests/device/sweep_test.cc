// SPDX-License-Identifier: GPL-2.0-only

#include "device/sweep.h"

#include "base/run_id.h"
#include "base/subprocess.h"
#include "device/mount_table.h"
#include "device/run_dir.h"
#include "tests/device/requirements.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

namespace powercut {
namespace {

using Kind = Leftover::Kind;

// A child with a run directory, a server, a loop and a mount; ready when constructed.
struct Holder {
  Holder() {
    std::array<int, 2> ends = {-1, -1};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const Fd read_end(ends[0]);
    Fd write_end(ends[1]);
    SubprocessOptions options;
    options.argv = {POWERCUT_HOLD_DISK};
    options.stdin_fd = write_end.get();
    child.emplace(value_or_throw(Subprocess::start(options)));
    write_end.reset();
    std::array<char, 4096> path = {};
    const ssize_t got = ::read(read_end.get(), path.data(), path.size());
    REQUIRE(got > 0);
    run_directory = std::string(path.data(), static_cast<std::size_t>(got));
    run_id = find_run_id(run_directory.native());
  }

  void kill() {
    child->kill_group(SIGKILL);
    REQUIRE(value_or_throw(child->wait()).signal == SIGKILL);
  }

  std::vector<Leftover> leftovers() const {
    std::vector<Leftover> ours;
    for (const Leftover& leftover : find_leftovers()) {
      if (leftover.run_id == run_id) {
        ours.push_back(leftover);
      }
    }
    return ours;
  }

  std::optional<Subprocess> child;
  std::filesystem::path run_directory;
  std::string run_id;
};

std::vector<Kind> kinds_of(const std::vector<Leftover>& leftovers) {
  std::vector<Kind> kinds;
  for (const Leftover& leftover : leftovers) {
    kinds.push_back(leftover.kind);
  }
  return kinds;
}

TEST_CASE("a live run is left alone", "[device][sweep]") {
  Holder holder;
  CHECK(run_state(holder.run_directory) == RunState::kAlive);
  CHECK(run_owner(holder.run_directory).starts_with("pid "));
  CHECK(holder.leftovers().empty());
  const Leftover forced{Kind::kRunDirectory, holder.run_directory, holder.run_id, ""};
  CHECK_FALSE(remove(forced));
  holder.kill();
  for (const Leftover& leftover : holder.leftovers()) {
    CHECK(remove(leftover));
  }
}

TEST_CASE("all that a killed run left is found and removed", "[device][sweep]") {
  Holder holder;
  holder.kill();
  const std::vector<Leftover> leftovers = holder.leftovers();
  CHECK(kinds_of(leftovers) ==
        std::vector<Kind>{Kind::kMount, Kind::kLoop, Kind::kServer, Kind::kRunDirectory});
  for (const Leftover& leftover : leftovers) {
    INFO(to_string(leftover.kind) << " " << leftover.name);
    const Status status = remove(leftover);
    CHECK((status ? "" : status.error().message) == "");
    CHECK(remove(leftover));  // a second time does no harm
  }
  CHECK(holder.leftovers().empty());
  CHECK_FALSE(std::filesystem::exists(holder.run_directory));
}

TEST_CASE("a run directory goes with its object", "[device][run_dir]") {
  std::filesystem::path path;
  {
    const RunDir run = value_or_throw(RunDir::create());
    path = run.path();
    const std::filesystem::path below = value_or_throw(run.make_directory("a"));
    std::ofstream(below / "file") << "x";
    std::filesystem::create_symlink("/etc", below / "link");
    CHECK(run_state(path) == RunState::kAlive);
  }
  CHECK(run_state(path) == RunState::kGone);
  CHECK(std::filesystem::exists("/etc/passwd"));
}

TEST_CASE("removing a run directory does not cross a mount", "[device][run_dir]") {
  RunDir run = value_or_throw(RunDir::create());
  const std::filesystem::path outside = value_or_throw(run.make_directory("outside"));
  std::ofstream(outside / "precious") << "x";
  RunDir other = value_or_throw(RunDir::create());
  const std::filesystem::path inside = value_or_throw(other.make_directory("inside"));
  REQUIRE(::mount(outside.c_str(), inside.c_str(), nullptr, MS_BIND, nullptr) == 0);
  CHECK_FALSE(remove_tree(other.path()));
  CHECK(std::filesystem::exists(outside / "precious"));
  REQUIRE(::umount2(inside.c_str(), 0) == 0);
  CHECK(remove_tree(other.path()));
}

}  // namespace
}  // namespace powercut
