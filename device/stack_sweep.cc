// SPDX-License-Identifier: GPL-2.0-only

#include "device/stack_sweep.h"

#include "base/subprocess.h"

#include <sys/mount.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>

namespace powercut {
namespace {

namespace fs = std::filesystem;

std::string first_word(const fs::path& file) {
  std::ifstream in(file);
  std::string word;
  in >> word;
  return word;
}

// Names in /sys/block of devices that somebody made and that are in use.
std::vector<std::string> made_devices() {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator("/sys/block", ignored)) {
    const std::string name = entry.path().filename();
    const bool array = name.starts_with("md");
    if (name.starts_with("dm-") ||
        (array && first_word(entry.path() / "md/array_state") != "clear") ||
        (name.starts_with("loop") &&
         fs::exists(entry.path() / "loop/backing_file", ignored))) {
      names.push_back(name);
    }
  }
  return names;
}

// The newest first.
std::vector<std::string> new_mounts(const std::vector<MountEntry>& before) {
  std::multiset<fs::path> known;
  for (const MountEntry& entry : before) {
    known.insert(entry.target);
  }
  std::vector<std::string> targets;
  for (const MountEntry& entry : read_mount_table()) {
    if (const auto found = known.find(entry.target); found != known.end()) {
      known.erase(found);
    } else {
      targets.insert(targets.begin(), entry.target.native());
    }
  }
  return targets;
}

std::vector<std::string> leftovers(const std::vector<MountEntry>& before) {
  std::vector<std::string> left = new_mounts(before);
  for (std::string& name : made_devices()) {
    left.push_back(std::move(name));
  }
  return left;
}

void run_quietly(const std::vector<std::string>& argv) {
  SubprocessOptions options;
  options.argv = argv;
  options.timeout = std::chrono::seconds(10);
  [[maybe_unused]] const Result<ExitState> ignored = run_subprocess(options);
}

}  // namespace

std::vector<std::string> sweep_stack(const std::vector<MountEntry>& before) {
  // Stacks lie on stacks: what holds another goes in an earlier round.
  constexpr int kRounds = 3;
  for (int round = 0; round < kRounds && !leftovers(before).empty(); ++round) {
    for (const std::string& target : new_mounts(before)) {
      ::umount2(target.c_str(), UMOUNT_NOFOLLOW);
    }
    for (const std::string& name : made_devices()) {
      if (name.starts_with("md")) {
        std::ofstream(fs::path("/sys/block") / name / "md/array_state") << "clear\n";
      } else if (name.starts_with("loop")) {
        run_quietly({"losetup", "-d", "/dev/" + name});
      }
    }
    run_quietly({"dmsetup", "remove_all", "--force"});
  }
  return leftovers(before);
}

}  // namespace powercut
