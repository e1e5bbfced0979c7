// SPDX-License-Identifier: GPL-2.0-only
//
// A checker looks at the disks of one crash state and says what it thinks of them, as a
// list of probes: the base is recovery and the check of what it recovered; further probes
// judge something of their own on top of it (one unit of the data of one file), so that
// their classes of states add instead of multiplying.

#pragma once

#include "base/result.h"
#include "checkers/mounter.h"
#include "replay/verdict.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace powercut {

// What a checker gets: the disks, and where it may write.
struct Subject {
  std::vector<std::filesystem::path> disks;  // writable; changes are forgotten afterwards
  std::filesystem::path scratch;             // a directory of this worker alone
  // Announces that what is read from here on is read by probe `index`; 0 is the base. A
  // checker with one probe need not call it.
  std::function<void(std::size_t index)> begin_probe;
  // Reads the disk as it is now, changes included, without a file in between; counts as
  // read by the probe. The range must lie within the disk.
  std::function<Status(std::size_t disk, std::uint64_t offset_bytes,
                       std::span<std::byte> out)>
      read;
  std::function<std::uint64_t(std::size_t disk)> size_bytes;
  // Forgets all changes: the disks are the state again. What was read stays read.
  std::function<void()> restart;
  Mounter* mounter = nullptr;  // null unless the checker needs_mounter()
};

// What a checker says of a state. probes[0] is the base; a further one is known by its
// name, and which there are must follow from what the base read.
struct Judgement {
  struct Probe {
    std::string name;
    Verdict verdict;
  };

  std::vector<Probe> probes;
};

struct CheckerOptions {
  std::chrono::milliseconds timeout{60000};
  std::vector<int> clean_exit_codes{0};  // of `command`
  std::string mount_options;             // of those that mount
  bool data = false;                     // read what files hold too, a probe each unit
  std::uint32_t unit_bytes = 4096;       // of those probes
  bool observe = false;                  // put what probes see into Verdict::seen
  std::optional<Tier> tier;              // of `stack`; none: proved
};

// Must be deterministic: equal disks, equal verdicts, whatever the time, the path of the
// disk or the worker. run() is called from several threads at once.
class Checker {
 public:
  virtual ~Checker() = default;

  virtual std::string name() const = 0;

  virtual Tier tier() const { return Tier::kProved; }

  // It has states mounted: Subject::mounter must be there. The type names the file
  // system, and the module of a guest's kernel.
  virtual bool needs_mounter() const { return false; }

  virtual std::string file_system() const { return ""; }

  // One kernel can hold one state at a time (btrfs knows a mounted file system by its
  // uuid, and all states of a log have the same): workers that share a kernel must not
  // run it at the same time.
  virtual bool alone() const { return false; }

  // What looks at one state of each class that this checker found, to see whether another
  // recovery agrees with it; null: there is none.
  virtual std::unique_ptr<Checker> cross_checker() const { return nullptr; }

  // A checker that was killed or timed out is inconclusive. An Error: the checker cannot
  // be run at all (tool missing).
  virtual Result<Judgement> run(const Subject& subject) const = 0;
};

// The judgement of a checker that has only a base.
Judgement base_only(Verdict verdict);

// One line of the list of checkers.
struct CheckerKind {
  std::string name;         // what --checker begins with
  std::string synopsis;     // how it is written
  std::string description;  // one line
  Result<std::unique_ptr<Checker>> (*make)(const std::string& argument,
                                           const CheckerOptions& options);
};

// Every checker there is. Adding one is a new file and one entry in checker_list.cc.
const std::vector<CheckerKind>& checker_kinds();

// "ext4", "command:PROG ARGS {}".
Result<std::unique_ptr<Checker>> make_checker(const std::string& text,
                                              const CheckerOptions& options);

}  // namespace powercut
