// SPDX-License-Identifier: GPL-2.0-only
//
// A Subject whose disk is an image file of a test, and programs to make such images.

#pragma once

#include "base/fd.h"
#include "base/subprocess.h"
#include "checkers/checker.h"
#include "tests/support/scratch_dir.h"

#include <fcntl.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace powercut::test {

// Runs a program that must succeed.
inline std::string run_program(std::vector<std::string> argv) {
  SubprocessOptions options;
  options.argv = std::move(argv);
  options.environment = {{"LC_ALL", "C"}};
  const ExitState state = value_or_throw(run_subprocess(options));
  if (!state.succeeded()) {
    throw Failure(Error{ErrorKind::kSystem,
                        options.argv[0] + ": " + to_string(state) + "\n" + state.output,
                        ""});
  }
  return state.output;
}

// Options of a checker that reads data too.
inline CheckerOptions with_data(std::uint32_t unit_bytes = 4096) {
  CheckerOptions options;
  options.data = true;
  options.unit_bytes = unit_bytes;
  return options;
}

// An image in a scratch directory of its own; the file is sparse at first.
class Image {
 public:
  explicit Image(std::uint64_t size_bytes) : size_bytes_(size_bytes) {
    value_or_throw(Fd::open(path(), O_RDWR | O_CREAT | O_TRUNC));
    std::filesystem::resize_file(path(), size_bytes);
    std::filesystem::create_directory(dir_ / "scratch");
  }

  std::string path() const { return (dir_ / "image").string(); }

  std::filesystem::path file(std::string_view name) const { return dir_ / name; }

  std::uint64_t size_bytes() const { return size_bytes_; }

  std::string read(std::uint64_t offset_bytes, std::size_t length) const {
    std::string bytes(length, '\0');
    value_or_throw(read_fully(value_or_throw(Fd::open(path(), O_RDONLY)),
                              std::as_writable_bytes(std::span(bytes)), offset_bytes,
                              path()));
    return bytes;
  }

  void write(std::uint64_t offset_bytes, std::string_view bytes) const {
    value_or_throw(write_fully(value_or_throw(Fd::open(path(), O_WRONLY)),
                               std::as_bytes(std::span(bytes)), offset_bytes, path()));
  }

  // What is there now is what Subject::restart() goes back to.
  Subject subject() const {
    std::filesystem::copy_file(path(), dir_ / "pristine",
                               std::filesystem::copy_options::overwrite_existing);
    Subject subject;
    subject.disks = {path()};
    subject.scratch = dir_ / "scratch";
    subject.begin_probe = [this](std::size_t probe) { probes_.push_back(probe); };
    subject.read = [this](std::size_t /*disk*/, std::uint64_t offset_bytes,
                          std::span<std::byte> out) -> Status {
      return read_fully(value_or_throw(Fd::open(path(), O_RDONLY)), out, offset_bytes,
                        path());
    };
    subject.size_bytes = [this](std::size_t /*disk*/) { return size_bytes_; };
    subject.restart = [this] {
      ++restarts_;
      std::filesystem::copy_file(dir_ / "pristine", path(),
                                 std::filesystem::copy_options::overwrite_existing);
    };
    return subject;
  }

  // Of the subject: the probes that were begun, in order, and how often it restarted.
  const std::vector<std::size_t>& probes() const { return probes_; }

  int restarts() const { return restarts_; }

 private:
  ScratchDir dir_;
  std::uint64_t size_bytes_;
  mutable std::vector<std::size_t> probes_;
  mutable int restarts_ = 0;
};

}  // namespace powercut::test
