// SPDX-License-Identifier: GPL-2.0-only
//
// A checker looks at the disks of one crash state and says what it thinks of them. It is
// a list of probes: probe 0, the base, is recovery and the check of what it recovered;
// further probes judge something of their own on top of it (the data of one file), so
// that their classes of states add instead of multiplying.

#pragma once

#include "base/result.h"
#include "replay/verdict.h"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace powercut {

// What a checker gets: the disks, and where it may write.
struct Subject {
  std::vector<std::filesystem::path> disks;  // writable; changes are forgotten afterwards
  std::filesystem::path scratch;             // a directory of this worker alone
  // Announces that what is read from here on is read by probe `index`. A checker with
  // one probe need not call it.
  std::function<void(std::size_t index)> begin_probe;
};

struct CheckerOptions {
  std::chrono::milliseconds timeout{60000};
  std::vector<int> clean_exit_codes{0};  // of `command`
};

// Must be deterministic: equal disks, equal verdicts, whatever the time, the path of the
// disk or the worker. run() is called from several threads at once.
class Checker {
 public:
  virtual ~Checker() = default;

  virtual std::string name() const = 0;

  virtual std::vector<std::string> probes() const { return {"base"}; }

  // A verdict a probe. A checker that was killed or timed out is inconclusive. An Error:
  // the checker cannot be run at all (tool missing).
  virtual Result<std::vector<Verdict>> run(const Subject& subject) const = 0;
};

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
