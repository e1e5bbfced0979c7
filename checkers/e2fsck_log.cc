// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/e2fsck_log.h"

#include "base/fd.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <optional>

namespace powercut {

std::string E2fsckProblem::key() const {
  return arguments.empty() ? code : code + " " + arguments;
}

std::string E2fsckProblem::summary() const {
  return "e2fsck problem " + key();
}

namespace {

// The attributes of one element: name="value" pairs.
E2fsckProblem parse_problem(std::string_view element) {
  E2fsckProblem problem;
  while (true) {
    std::size_t equals = element.find("=\"");
    if (equals == std::string_view::npos) {
      return problem;
    }
    std::size_t close = element.find('"', equals + 2);
    if (close == std::string_view::npos) {
      return problem;
    }
    std::size_t begin = element.find_last_of(' ', equals);
    begin = begin == std::string_view::npos ? 0 : begin + 1;
    std::string name(element.substr(begin, equals - begin));
    std::string value(element.substr(equals + 2, close - equals - 2));
    if (name == "code") {
      problem.code = value;
    } else if (name == "fixed") {
      problem.fixed = value == "1";
    } else if (name != "answer") {
      problem.arguments += (problem.arguments.empty() ? "" : " ") + name + "=" + value;
    }
    element.remove_prefix(close + 1);
  }
}

}  // namespace

E2fsckLog parse_e2fsck_log(std::string_view text) {
  constexpr std::string_view kBegin = "<problem ";
  E2fsckLog log;
  std::size_t at = text.find(kBegin);
  while (at != std::string_view::npos) {
    std::size_t end = text.find("/>", at);
    if (end == std::string_view::npos) {
      break;
    }
    log.problems.push_back(
        parse_problem(text.substr(at + kBegin.size() - 1, end - at - kBegin.size() + 1)));
    at = text.find(kBegin, end);
  }
  return log;
}

E2fsckLog read_e2fsck_log(const std::filesystem::path& path) {
  constexpr std::uint64_t kMost = 1 << 20;  // a wrecked file system has endless problems
  Result<Fd> fd = Fd::open(path, O_RDONLY);
  if (!fd) {
    return {};
  }
  Result<std::uint64_t> size = size_of(*fd, path);
  if (!size) {
    return {};
  }
  std::string text(std::min(*size, kMost), '\0');
  if (!read_fully(*fd, std::as_writable_bytes(std::span(text)), 0, path)) {
    return {};
  }
  return parse_e2fsck_log(text);
}

std::string first_complaint(std::string_view output) {
  constexpr std::array<std::string_view, 6> kProgress = {"Pass ",
                                                         "e2fsck ",
                                                         "Clearing orphaned",
                                                         "Free blocks count wrong (",
                                                         "Free inodes count wrong (",
                                                         "Fix? yes"};
  while (!output.empty()) {
    std::size_t end = output.find('\n');
    std::string_view line = output.substr(0, end);
    output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
    bool progress =
        std::any_of(kProgress.begin(), kProgress.end(),
                    [&](std::string_view p) { return line.starts_with(p); }) ||
        line.ends_with(": recovering journal");
    if (!line.empty() && !progress) {
      return std::string(line);
    }
  }
  return "";
}

}  // namespace powercut
