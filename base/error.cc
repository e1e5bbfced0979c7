// SPDX-License-Identifier: GPL-2.0-only

#include "base/error.h"

#include <fmt/format.h>

#include <system_error>

namespace powercut {

Error system_error(const std::string& what, int error_number) {
  return Error{ErrorKind::kSystem,
               fmt::format("{}: {}", what, std::generic_category().message(error_number)),
               {}};
}

}  // namespace powercut
