// SPDX-License-Identifier: GPL-2.0-only
//
// powercut extents: where on its block device a file's data lies.

#include "base/fd.h"
#include "base/file_tree.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/log_arguments.h"
#include "device/file_extents.h"

#include <fmt/format.h>

#include <fcntl.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace powercut {

namespace {

// A word of the list: no blanks, and nothing that begins a comment.
std::string word_for(const std::string& name) {
  std::string word;
  for (const char c : escape_name(name)) {
    word += c == '#' ? "\\x23" : std::string(1, c);
  }
  return word;
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()("shared", "only what other files have too")(
      "name", po::value<std::string>(), "what to call the file (default: its last name)");
  const Arguments arguments = parse_arguments(self, options, {"FILE"}, words);
  const std::filesystem::path path = arguments.text("FILE");
  const std::string name = word_for(arguments.text("name", path.filename()));
  const bool only_shared = arguments.has("shared");
  if (name.empty()) {
    throw Failure(Error{ErrorKind::kUsage, "no name for the file",
                        "--name is a word, for the list"});
  }
  const Fd file = value_or_throw(Fd::open(path, O_RDONLY | O_NONBLOCK));
  const PlacedFile placed = value_or_throw(place_of_file(file.get(), path));
  std::size_t printed = 0;
  for (const PlacedExtent& extent : placed.extents) {
    if (extent.shared || !only_shared) {
      fmt::print("{} {} {} {}\n", extent.device_offset_bytes, extent.length_bytes, name,
                 extent.file_offset_bytes);
      ++printed;
    }
  }
  for (const std::string& sentence : placed.left_out) {
    std::string line;  // a name with a newline must not end the comment
    for (const char c : sentence) {
      line += static_cast<unsigned char>(c) < ' ' ? '?' : c;
    }
    fmt::print("# {}\n", line);
  }
  if (printed == 0) {
    warn(fmt::format("{} has no {}extent on the disk", path.native(),
                     only_shared ? "shared " : ""));
  }
  return kExitClean;
}

}  // namespace

extern const Command kExtentsCommand = {
    "extents", "FILE [--shared]", "where on its block device a file's data lies",
    "A line for each extent, in bytes: its place on the device, its length, the file's\n"
    "name, and its place in the file; what is preallocated or inline is a comment. "
    "Dirty\n"
    "data is written back before. What `audit overwrites --extents` reads. On btrfs its\n"
    "own addresses are looked up in the chunk tree, which needs root.\n\n"
    "examples:\n"
    "  powercut extents /mnt/image\n"
    "  powercut extents --shared /mnt/image >shared.txt\n\n",
    &run};

}  // namespace powercut
