// SPDX-License-Identifier: GPL-2.0-only
//
// A value or an Error. The base of all calls that can fail for reasons of the outside
// world. tl::expected is the C++23 std::expected for C++20.

#pragma once

#include "base/error.h"

#include <tl/expected.hpp>

#include <string>
#include <utility>

namespace powercut {

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> fail(ErrorKind kind, std::string message,
                                  std::string hint = {}) {
  return tl::unexpected<Error>(Error{kind, std::move(message), std::move(hint)});
}

inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

// The value, or the Error thrown as a Failure.
template <class T>
T value_or_throw(Result<T> result) {
  if (!result) {
    throw Failure(std::move(result).error());
  }
  if constexpr (!std::is_void_v<T>) {
    return std::move(result).value();
  }
}

}  // namespace powercut

#define PC_CONCAT_INNER(a, b) a##b
#define PC_CONCAT(a, b) PC_CONCAT_INNER(a, b)

// NOLINTBEGIN(bugprone-macro-parentheses): a declaration cannot stand in parentheses.

// Returns the Error of `expression` from the calling function, if it has one.
#define PC_RETURN_IF_ERROR(expression)                       \
  do {                                                       \
    auto pc_status = (expression);                           \
    if (!pc_status) {                                        \
      return ::powercut::fail(std::move(pc_status).error()); \
    }                                                        \
  } while (false)

// PC_ASSIGN_OR_RETURN(Type name, expression): declares name, or returns the Error.
#define PC_ASSIGN_OR_RETURN(declaration, expression) \
  PC_ASSIGN_OR_RETURN_IMPL(PC_CONCAT(pc_result_, __LINE__), declaration, expression)
#define PC_ASSIGN_OR_RETURN_IMPL(temporary, declaration, expression) \
  auto temporary = (expression);                                     \
  if (!(temporary)) {                                                \
    return ::powercut::fail(std::move(temporary).error());           \
  }                                                                  \
  declaration = std::move(temporary).value()

// NOLINTEND(bugprone-macro-parentheses)
