// SPDX-License-Identifier: GPL-2.0-only
//
// A directory of a test's own, removed with all in it at the test's end.

#pragma once

#include "base/ensure.h"

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace powercut {

class ScratchDir {
 public:
  ScratchDir() {
    std::string name = (std::filesystem::temp_directory_path() / "powercut-test-XXXXXX");
    PC_ENSURE(::mkdtemp(name.data()) != nullptr, "cannot make a scratch directory");
    path_ = name;
  }

  ~ScratchDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;

  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace powercut
