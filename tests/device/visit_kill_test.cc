// SPDX-License-Identifier: GPL-2.0-only

#include "base/run_id.h"
#include "base/subprocess.h"
#include "device/loop_device.h"
#include "device/sweep.h"
#include "tests/device/requirements.h"
#include "tests/support/ext4_image.h"
#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <thread>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Those that a kill left behind may still be going.
bool comes_true(const std::function<bool()>& condition) {
  const Clock::time_point end = Clock::now() + 20s;
  while (!condition()) {
    if (Clock::now() >= end) {
      return false;
    }
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

bool has_loop(const fs::path& file) {
  for (const fs::directory_entry& entry : fs::directory_iterator("/sys/block")) {
    if (loop_backing_file(entry.path().filename()) == file) {
      return true;
    }
  }
  return false;
}

std::string name_of(pid_t pid) {
  std::ifstream comm(fmt::format("/proc/{}/comm", pid));
  std::string name;
  std::getline(comm, name);
  return name;
}

// A zombie has no program any more.
bool has_ended(pid_t pid) {
  std::error_code ignored;
  return fs::read_symlink(fmt::format("/proc/{}/exe", pid), ignored).empty();
}

// The child of `parent` that mounts for it; -1 if there is none.
pid_t visit_process_of(pid_t parent) {
  const std::string tasks = fmt::format("/proc/{}/task", parent);
  for (const fs::directory_entry& task : fs::directory_iterator(tasks)) {
    std::ifstream children(task.path() / "children");
    for (pid_t pid = 0; children >> pid;) {
      if (name_of(pid) == "powercut-visit") {
        return pid;
      }
    }
  }
  return -1;
}

TEST_CASE("a process that is killed while it has a state mounted dies, and its loop goes",
          "[device][here_mounter]") {
  const std::string moment = GENERATE("unit", "disk");
  CAPTURE(moment);
  const ScratchDir scratch;
  fs::create_directory(scratch / "content");
  std::ofstream(scratch / "content/f") << std::string(9000, 'x');
  test::make_ext4_image(scratch / "image", scratch / "content");
  std::array<int, 2> ends = {-1, -1};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  SubprocessOptions options;
  options.argv = {POWERCUT_HOLD_VISIT, moment, scratch / "image"};
  options.stdin_fd = write_end.get();
  Subprocess child = value_or_throw(Subprocess::start(options));
  write_end.reset();
  std::array<char, 4096> text = {};
  const ssize_t got = ::read(read_end.get(), text.data(), text.size());
  REQUIRE(got > 0);
  const fs::path file = std::string(text.data(), static_cast<std::size_t>(got));
  CHECK(has_loop(file));
  const pid_t visit = visit_process_of(child.pid());
  REQUIRE(visit > 0);

  child.kill_group(SIGKILL);
  CHECK(value_or_throw(child.wait()).signal == SIGKILL);
  CHECK(comes_true([&] { return !has_loop(file); }));
  CHECK(comes_true([&] { return has_ended(visit); }));
  // What is left is what any killed run leaves: files, which a sweep takes.
  for (const Leftover& leftover : find_leftovers()) {
    if (leftover.run_id == find_run_id(file.native())) {
      CHECK(remove(leftover));
    }
  }
}

}  // namespace
}  // namespace powercut
