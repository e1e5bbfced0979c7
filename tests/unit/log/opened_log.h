// SPDX-License-Identifier: GPL-2.0-only
//
// A log opened for a test, with what the reader said about it.

#pragma once

#include "log/log.h"
#include "tests/support/log_builder.h"
#include "tests/support/scratch_dir.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

struct OpenedLog {
  std::unique_ptr<Log> log;  // null if it could not be opened
  Error error;
  DamageList damage;

  std::vector<std::string> events() const { return describe_events(*log); }

  // The one sentence, or all of them.
  std::string sentences() const {
    return fmt::format("{}", fmt::join(damage.sentences(), "\n"));
  }
};

inline OpenedLog open_log(const std::filesystem::path& path,
                          const LogOptions& options = {}) {
  OpenedLog opened;
  auto log = Log::open(path, options, opened.damage);
  if (log) {
    opened.log = std::move(*log);
  } else {
    opened.error = log.error();
  }
  return opened;
}

inline OpenedLog open_bytes(const ScratchDir& dir, std::string_view bytes,
                            const LogOptions& options = {}) {
  write_file(dir / "log", bytes);
  return open_log(dir / "log", options);
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// True if `shorter` is how `longer` begins.
inline bool is_prefix(const std::vector<std::string>& shorter,
                      const std::vector<std::string>& longer) {
  return shorter.size() <= longer.size() &&
         std::equal(shorter.begin(), shorter.end(), longer.begin());
}

}  // namespace powercut
