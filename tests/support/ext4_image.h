// SPDX-License-Identifier: GPL-2.0-only
//
// Images of ext4 made by mkfs.ext4 and changed by debugfs: without a mount, and without
// root.

#pragma once

#include "base/ensure.h"
#include "base/image_source.h"
#include "base/subprocess.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace powercut::test {

inline void run_tool(std::vector<std::string> argv) {
  SubprocessOptions tool;
  tool.argv = std::move(argv);
  const ExitState state = value_or_throw(run_subprocess(tool));
  PC_ENSURE(state.succeeded(), state.output.c_str());
}

// An image of 32 MiB that holds what is in the directory `content`; equal contents make
// nearly equal images, down to the places of their blocks.
inline void make_ext4_image(const std::filesystem::path& image,
                            const std::filesystem::path& content) {
  run_tool({"mkfs.ext4", "-q", "-F", "-b", "4096", "-U",
            "11111111-2222-3333-4444-555555555555", "-E",
            "hash_seed=11111111-2222-3333-4444-555555555555,lazy_itable_init=0", "-d",
            content, image, "32M"});
}

// One command of debugfs that writes.
inline void change_ext4_image(const std::filesystem::path& image,
                              const std::string& command) {
  run_tool({"debugfs", "-w", "-R", command, image});
}

inline std::shared_ptr<const BlockSource> source_of(const std::filesystem::path& image) {
  return value_or_throw(ImageSource::open(image));
}

}  // namespace powercut::test
