// SPDX-License-Identifier: GPL-2.0-only

#include "cli/output.h"

#include "base/fd.h"
#include "base/new_file.h"

#include <fmt/format.h>

#include <fcntl.h>

#include <cstdio>
#include <span>

namespace powercut {

void check_report_path(const Arguments& arguments) {
  std::string path = arguments.text("json");
  if (!path.empty() && path != "-") {
    value_or_throw(NewFile::check(path, arguments.text("LOG")));
  }
}

void write_report(const Arguments& arguments, const std::string& text,
                  const std::string& json) {
  std::string json_path = arguments.text("json");
  if (json_path == "-") {
    fmt::print("{}", json);
  } else {
    fmt::print("{}", text);
  }
  if (std::fflush(stdout) != 0) {
    throw Failure(Error{ErrorKind::kSystem, "cannot write the report to stdout", {}});
  }
  if (!json_path.empty() && json_path != "-") {
    Fd file = value_or_throw(Fd::open(json_path, O_WRONLY | O_CREAT | O_TRUNC));
    value_or_throw(write_fully(file, std::as_bytes(std::span(json)), 0, json_path));
  }
}

}  // namespace powercut
