// SPDX-License-Identifier: GPL-2.0-only

#include "base/seen_digest.h"

#include <fmt/format.h>

#include <xxhash.h>

#include <algorithm>

namespace powercut {

void SeenDigest::add(std::string_view output) {
  while (!output.empty()) {
    const std::string_view line = output.substr(0, output.find('\n'));
    output.remove_prefix(std::min(line.size() + 1, output.size()));
    if (line.starts_with("have ") || line.starts_with("fault: ")) {
      lines_.emplace(line);
    }
  }
}

std::string SeenDigest::text() const {
  std::string all;
  for (const std::string& line : lines_) {
    all += line;
    all += '\n';
  }
  return fmt::format("{:016x}", XXH3_64bits(all.data(), all.size()));
}

}  // namespace powercut
