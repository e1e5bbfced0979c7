// SPDX-License-Identifier: GPL-2.0-only
//
// What a guest needs to know of an ELF file: which loader it asks for, how much of it is
// ever loaded, and what a kernel module says of itself. Not a linker's view: symbols and
// relocations are not looked at. 64-bit little-endian files only.

#pragma once

#include "base/result.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace powercut {

struct ElfFile {
  std::string interpreter;  // "/lib64/ld-linux-x86-64.so.2"; empty: static, or a library
  // Where the last loaded byte ends: behind it are only symbols and debug information.
  std::uint64_t loaded_bytes = 0;
};

// True if the bytes begin as an ELF file does.
bool is_elf(std::string_view bytes);

// Reads the program headers of `bytes`, a whole file. `name` is for the Error.
Result<ElfFile> read_elf(std::string_view bytes, const std::string& name);

// The "key=value" strings of a kernel module's .modinfo section; of a key that is there
// twice, the last. An Error if it is no module.
Result<std::map<std::string, std::string>> read_module_info(std::string_view bytes,
                                                            const std::string& name);

}  // namespace powercut
