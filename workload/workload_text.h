// SPDX-License-Identifier: GPL-2.0-only
//
// The language of operations: text to Workload and back. One operation a line, words with
// blanks between; "#" begins a comment; a word in double quotes may hold blanks and the
// escapes \" \\ \$ \n \t \xHH. Numbers take suffixes K, M, G (powers of 1024). Details
// and every operation: docs/writing-a-scenario.md.
//
//   repeat VAR FIRST LAST { ... }   the lines within, with $VAR replaced; may be nested
//   threads { thread NAME { ... } thread NAME { ... } }   at once, then waited for

#pragma once

#include "base/result.h"
#include "workload/operation.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace powercut {

struct TextPlace {
  std::string name;      // of the file, for errors: "btrfs-1.scenario"
  std::size_t line = 1;  // of the first line of the text
};

// An Error (kUsage) names the file, the line, the word, and what would be right:
// "FILE:12: unknown operation 'fsyn'", hint "did you mean fsync?". Unknown operations,
// wrong numbers of words, numbers that are none or too large, paths that leave the file
// system ("..", absolute but "/"), handles that are not open or open twice, handles of
// one thread used by another, braces that do not match, more than a million operations.
Result<Workload> parse_workload(std::string_view text, const TextPlace& place);

// "rename A/foo B/bar exchange": parses back to the same operation.
std::string to_text(const Operation& operation);

// One operation a line, threads in their braces. parse_workload() of it gives an equal
// Workload but for line numbers.
std::string to_text(const Workload& workload);

// The next best spelling, for hints; empty if none is near.
std::string nearest_word(std::string_view word, const std::vector<std::string>& known);

// Whether its end says that something is durable now: fsync, fdatasync, sync, syncfs,
// msync, and writes to a handle opened with sync or dsync (which the parser knows, so
// `flags` of such a write are those of its handle; of a submitted one it is the wait that
// says so); and acknowledge, by which the program says it.
bool is_acknowledgement(const Operation& operation);

}  // namespace powercut
