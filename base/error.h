// SPDX-License-Identifier: GPL-2.0-only
//
// What went wrong outside the system under test.
//
// A finding (the tested system is wrong) is never an Error: it is data, and lives in a
// Verdict. An Error says that we could not do our work: object, cause, place in one
// line, and a hint where there is one.

#pragma once

#include <exception>
#include <string>

namespace powercut {

enum class ErrorKind {
  kUsage,        // the caller asked for something that cannot be: exit code 2
  kBadInput,     // a log or an image that is not what it should be: exit code 3
  kMissing,      // a tool, device or right that this machine lacks: exit code 3
  kSystem,       // a system call failed: exit code 3
  kInterrupted,  // Ctrl-C or SIGTERM: exit code 130
};

struct Error {
  ErrorKind kind = ErrorKind::kSystem;
  std::string message;  // lower case, no full stop: object + cause + place
  std::string hint;     // empty, or what to do about it
};

// The exception form of an Error, for where nothing can go on. Caught in cli/main.cc
// only; destructors on the way undo mounts, loops and temporary directories.
class Failure : public std::exception {
 public:
  explicit Failure(Error error) : error_(std::move(error)) {}

  const Error& error() const { return error_; }

  const char* what() const noexcept override { return error_.message.c_str(); }

 private:
  Error error_;
};

// "name: strerror(errno)" as an Error of kind kSystem.
Error system_error(const std::string& what, int error_number);

}  // namespace powercut
