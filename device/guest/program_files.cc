// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/program_files.h"

#include "base/mapped_file.h"
#include "base/subprocess.h"
#include "device/guest/elf_file.h"

#include <fmt/format.h>

#include <algorithm>

namespace powercut {
namespace {

constexpr int kMaxScripts = 4;  // a script whose interpreter is a script, and so on
constexpr std::chrono::seconds kListTimeout{20};

std::string_view next_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r"), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(" \t\r"));
  text.remove_prefix(word.size());
  return word;
}

// The loader itself says what it would load, so that RPATHs and its cache count; what
// the caller's environment would change is not so in the guest.
Result<std::vector<std::filesystem::path>> libraries_of(
    const std::string& loader, const std::filesystem::path& program) {
  SubprocessOptions list;
  list.argv = {loader, "--list", program.native()};
  list.environment = {{"LD_LIBRARY_PATH", ""}, {"LD_PRELOAD", ""}, {"LC_ALL", "C"}};
  list.timeout = kListTimeout;
  PC_ASSIGN_OR_RETURN(const ExitState state, run_subprocess(list));
  if (!state.succeeded()) {
    return fail(ErrorKind::kSystem,
                fmt::format("cannot list the libraries of {}: {}: {}", program.native(),
                            to_string(state), state.output));
  }
  return parse_loader_list(state.output, program);
}

Status add_files(const std::filesystem::path& program, int depth,
                 std::vector<std::filesystem::path>& files) {
  if (std::ranges::find(files, program) != files.end()) {
    return {};
  }
  files.push_back(program);
  PC_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::open(program));
  const std::string_view bytes(reinterpret_cast<const char*>(file.bytes().data()),
                               file.bytes().size());
  if (is_elf(bytes)) {
    PC_ASSIGN_OR_RETURN(const ElfFile elf, read_elf(bytes, program));
    if (elf.interpreter.empty()) {
      return {};
    }
    files.emplace_back(elf.interpreter);
    PC_ASSIGN_OR_RETURN(const std::vector<std::filesystem::path> libraries,
                        libraries_of(elf.interpreter, program));
    files.insert(files.end(), libraries.begin(), libraries.end());
    return {};
  }
  for (const std::string& name : script_interpreters(bytes)) {
    if (depth == kMaxScripts) {
      return fail(ErrorKind::kBadInput,
                  fmt::format("{}: its interpreters never end", program.native()));
    }
    PC_ASSIGN_OR_RETURN(const std::filesystem::path interpreter, find_program(name));
    PC_RETURN_IF_ERROR(add_files(interpreter, depth + 1, files));
  }
  return {};
}

}  // namespace

std::vector<std::string> script_interpreters(std::string_view text) {
  if (!text.starts_with("#!")) {
    return {};
  }
  std::string_view line = next_line(text).substr(2);
  const std::string_view interpreter = next_word(line);
  if (interpreter.empty()) {
    return {};
  }
  std::vector<std::string> found = {std::string(interpreter)};
  if (interpreter.substr(interpreter.rfind('/') + 1) != "env") {
    return found;
  }
  std::string_view word = next_word(line);
  while (!word.empty() && (word[0] == '-' || word.find('=') != std::string_view::npos)) {
    word = next_word(line);
  }
  if (!word.empty()) {
    found.emplace_back(word);
  }
  return found;
}

Result<std::vector<std::filesystem::path>> parse_loader_list(std::string_view text,
                                                             const std::string& program) {
  std::vector<std::filesystem::path> paths;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    const std::string_view name = next_word(line);
    const std::size_t arrow = line.find("=> ");
    if (arrow != std::string_view::npos) {
      line.remove_prefix(arrow + 3);
      if (line.starts_with("not found")) {
        return fail(
            ErrorKind::kMissing,
            fmt::format("cannot run {}: its library {} was not found", program, name),
            "install the package that has it");
      }
    } else {
      line = name;
    }
    // "/lib/libc.so.6 (0x7f..)": a path may have blanks, the address is the last word.
    const std::string_view path = line.substr(0, line.rfind(" (0x"));
    if (path.starts_with('/')) {
      paths.emplace_back(path);
    }
  }
  return paths;
}

Result<std::vector<std::filesystem::path>> files_of_program(
    const std::filesystem::path& program) {
  std::vector<std::filesystem::path> files;
  PC_RETURN_IF_ERROR(add_files(program, 0, files));
  return files;
}

}  // namespace powercut
