// SPDX-License-Identifier: GPL-2.0-only
//
// What this machine can do for us, found by trying. Changes nothing.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace powercut {

struct Fact {
  std::string name;  // "root", "fuse", "e2fsck", ...
  bool works = false;
  std::string detail;  // a version, or why not
  std::string hint;    // what would make it work; empty if it works
};

// Always the same facts in the same order.
std::vector<Fact> collect_facts();

// The fact called `name`; the program ends if there is none.
const Fact& find_fact(const std::vector<Fact>& facts, std::string_view name);

}  // namespace powercut
