// SPDX-License-Identifier: GPL-2.0-only
//
// A recording of independent writes, checkers in memory to look at its states, and an
// explorer between them.

#pragma once

#include "replay/explorer.h"
#include "tests/support/brute_force.h"
#include "tests/support/footprint_reader.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace powercut::test {

using Strings = std::vector<std::string>;

// One sector a write, `writes` of them pending at the end of each of `windows` windows.
inline History independent_writes(std::uint64_t writes, std::size_t windows = 1) {
  History history(1, std::max<std::uint64_t>(writes, 16));
  for (std::size_t w = 0; w < windows; ++w) {
    for (std::uint64_t i = 0; i < writes; ++i) {
      history.write({i}, static_cast<char>('a' + w));
    }
    if (w + 1 < windows) {
      history.flush();
    }
  }
  return history;
}

// A recording, a checker and what its explorations come to.
struct Bench {
  Bench(const History& history, std::vector<FakeProbe> probes)
      : recording(recorded(history)), runner(std::move(probes)), book(runner) {}

  Bench(const History& history, FakeProbe probe)
      : Bench(history, std::vector<FakeProbe>{std::move(probe)}) {}

  Explorer explorer(ExplorerOptions options = {}) {
    return Explorer(recording, book, std::move(options));
  }

  Result<Certificate> try_explore(Explorer& explorer, const CrashModel& model = {}) {
    const auto durable = durability(*recording, model);
    return explorer.explore(durable, list_windows(recording->timeline(), *durable, 0,
                                                  recording->timeline().end()));
  }

  Certificate explore(ExplorerOptions options = {}) {
    Explorer one = explorer(std::move(options));
    return value_or_throw(try_explore(one));
  }

  std::shared_ptr<const Recording> recording;
  FakeRunner runner;
  RunBook book;
};

inline Verdict reads_nothing(FootprintReader& /*reader*/) {
  return clean();
}

inline Verdict always_finds(FootprintReader& reader) {
  reader.sector(0);
  return found("canary");
}

// Complains of every state in which the last sector is there and the one before is not.
inline Verdict wants_order(FootprintReader& reader) {
  return reader.sector(3) != '.' && reader.sector(2) == '.' ? found("3 before 2")
                                                            : clean();
}

// Reads sectors as long as they are written.
inline Verdict reads_on(FootprintReader& reader) {
  std::uint64_t read = 0;
  while (read < 16 && reader.sector(read) != '.') {
    ++read;
  }
  return read % 4 == 3 ? found("stops at " + std::to_string(read)) : clean();
}

inline Verdict reads_all(FootprintReader& reader) {
  std::string letters;
  for (std::uint64_t i = 0; i < 8; ++i) {
    letters += reader.sector(i);
  }
  return letters == "a.a.a.a." ? found(letters) : clean();
}

}  // namespace powercut::test
