// SPDX-License-Identifier: GPL-2.0-only
//
// What e2fsck found, from the problem log it writes itself (e2fsck.conf(5),
// problem_log_filename) and from what it prints.

#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

struct E2fsckProblem {
  std::string code;       // "0x040003", e2fsck/problem.h
  std::string arguments;  // "ino=12 num=1": what the problem is about
  bool fixed = false;     // e2fsck counted it as a fix

  std::string key() const;
  std::string summary() const;
};

struct E2fsckLog {
  std::vector<E2fsckProblem> problems;
};

// An absent or cut log (e2fsck died) gives what is there.
E2fsckLog read_e2fsck_log(const std::filesystem::path& path);
E2fsckLog parse_e2fsck_log(std::string_view text);

// The first line of e2fsck's output that is no progress report; empty if there is none.
std::string first_complaint(std::string_view output);

}  // namespace powercut
