// SPDX-License-Identifier: GPL-2.0-only
//
// Workloads made in code and performed in a scratch directory, with the marks kept.

#pragma once

#include "tests/support/scratch_dir.h"
#include "workload/fill.h"
#include "workload/perform.h"

#include <fmt/format.h>

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace powercut::test {

inline Operation operation(OpKind kind, const std::string& path = {}) {
  Operation made;
  made.kind = kind;
  // "@h" is a handle, as in the text.
  (path.starts_with('@') ? made.handle : made.path) =
      path.substr(path.starts_with('@') ? 1 : 0);
  return made;
}

inline Operation data_operation(OpKind kind, const std::string& file,
                                std::uint64_t offset, std::uint64_t length) {
  Operation made = operation(kind, file);
  made.offset_bytes = offset;
  made.length_bytes = length;
  return made;
}

inline Operation write_to(const std::string& file, std::uint64_t offset,
                          std::uint64_t length) {
  return data_operation(OpKind::kWrite, file, offset, length);
}

inline Operation open_as(const std::string& handle, const std::string& path,
                         OpenFlags flags = {}) {
  Operation made = operation(OpKind::kOpen, path);
  made.handle = handle;
  made.flags = flags;
  return made;
}

inline Operation two_paths(OpKind kind, const std::string& from, const std::string& to) {
  Operation made = operation(kind, from);
  (to.starts_with('@') ? made.handle2 : made.path2) =
      to.substr(to.starts_with('@') ? 1 : 0);
  return made;
}

// What operation `number` writes there.
inline std::string stamped(std::uint64_t number, std::uint64_t offset,
                           std::size_t length) {
  std::string bytes(length, '\0');
  fill_stamped(number, offset, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

// A directory of its own in which workloads are performed, one after the other.
class Performed {
 public:
  Performed() { std::filesystem::create_directory(root()); }

  std::filesystem::path root() const { return scratch_ / "root"; }

  std::filesystem::path outside() const { return scratch_ / "outside"; }

  Result<PerformResult> perform(const Workload& workload) {
    marks.clear();
    marks_sent = 0;
    PerformOptions options;
    options.root = root();
    options.mark = [&](std::string_view text) -> Status {
      if (refuse_at == marks_sent++) {
        return fail(ErrorKind::kSystem, "the log is full");
      }
      marks.emplace_back(text);
      return {};
    };
    return powercut::perform(workload, options);
  }

  PerformResult run(std::vector<Operation> operations) {
    return value_or_throw(perform(Workload{std::move(operations), {}}));
  }

  // errno of what failed; 0: nothing.
  int error_of(std::vector<Operation> operations) {
    const PerformResult result = run(std::move(operations));
    return result.failed ? result.failure.error_number : 0;
  }

  std::string content(const std::string& path) const {
    std::ifstream in(root() / path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

  // Of the name itself, not of what a link leads to.
  std::optional<struct stat> status(const std::string& path) const {
    struct stat found = {};
    return ::lstat((root() / path).c_str(), &found) == 0 ? std::optional(found)
                                                         : std::nullopt;
  }

  std::uint64_t inode(const std::string& path) const {
    const std::optional<struct stat> found = status(path);
    return found ? found->st_ino : 0;
  }

  std::vector<std::string> marks;
  std::optional<std::size_t> refuse_at;  // the number of a mark; later ones are taken
  std::size_t marks_sent = 0;

 private:
  ScratchDir scratch_;
};

}  // namespace powercut::test
