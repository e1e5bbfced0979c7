// SPDX-License-Identifier: GPL-2.0-only
//
// Which files a host program needs to run elsewhere: itself, the interpreters of its "#!"
// line, its ELF loader and its libraries. Not what it opens by itself: plug-ins,
// configuration, the modules of Python or Perl.

#pragma once

#include "base/result.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

// What a "#!" line asks for, program first: "/usr/bin/env", "python3" for
// "#!/usr/bin/env python3". Empty if the text does not begin with one. Options of env
// and of the interpreter are left out.
std::vector<std::string> script_interpreters(std::string_view text);

// The paths in what `LOADER --list PROGRAM` printed, in its order. An Error of kind
// kMissing names a library that was not found.
Result<std::vector<std::filesystem::path>> parse_loader_list(std::string_view text,
                                                             const std::string& program);

// Absolute paths, the program first; each may be a symbolic link or lead through some.
Result<std::vector<std::filesystem::path>> files_of_program(
    const std::filesystem::path& program);

}  // namespace powercut
