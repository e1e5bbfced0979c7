// SPDX-License-Identifier: GPL-2.0-only
//
// A digest of what a script said of a state, to tell whether another one said the same
// elsewhere: of its lines "have X" and "fault: X", in any order, each once. All else that
// it printed does not count.

#pragma once

#include <set>
#include <string>
#include <string_view>

namespace powercut {

class SeenDigest {
 public:
  // Of whole lines.
  void add(std::string_view output);

  // 16 hexadecimal digits: the XXH3-64 of the lines, sorted, each with a newline.
  std::string text() const;

  // How many lines count; a digest of none says nothing.
  std::size_t lines() const { return lines_.size(); }

 private:
  std::set<std::string, std::less<>> lines_;
};

}  // namespace powercut
