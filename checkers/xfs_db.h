// SPDX-License-Identifier: GPL-2.0-only
//
// Asks xfs_db what structures of an XFS lie where, many at a time. It reads the image
// only. Where it cannot go it stays at the place of the question before, and prints that:
// so an answer counts only if it comes from the place that was asked for.

#pragma once

#include "base/result.h"
#include "checkers/xfs_print.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

struct XfsQuestion {
  std::vector<std::string> commands;  // that go there: {"fsblock 12", "type bnobt"}
  std::uint64_t byte_offset = 0;      // where it is on the disk
};

// Runs commands of xfs_db and gives what it printed. A test may answer itself.
using XfsRun = std::function<Result<std::string>(const std::vector<std::string>&)>;

class XfsDb {
 public:
  explicit XfsDb(XfsRun run) : run_(std::move(run)) {}

  // An answer for each question, in order; nothing for what cannot be read. An Error if
  // xfs_db could not be run to its end, was too slow, or was asked too much; interrupted
  // is kInterrupted.
  Result<std::vector<std::optional<XfsPrint>>> ask(
      const std::vector<XfsQuestion>& questions);

 private:
  Status ask_some(const XfsQuestion* begin, std::size_t count,
                  std::vector<std::optional<XfsPrint>>& answers);

  XfsRun run_;
  std::size_t asked_ = 0;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

// The commands of a run for these questions, and the answers in what it printed.
std::vector<std::string> xfs_commands(const XfsQuestion* begin, std::size_t count);
std::vector<std::optional<XfsPrint>> parse_xfs_answers(const XfsQuestion* begin,
                                                       std::size_t count,
                                                       std::string_view output);

// xfs_db -r on an image file. kMissing: it is not there.
Result<XfsRun> run_xfs_db(const std::filesystem::path& image);

}  // namespace powercut
