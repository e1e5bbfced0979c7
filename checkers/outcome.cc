// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/outcome.h"

#include <fmt/format.h>

#include <xxhash.h>

namespace powercut {

std::string outcome_of(std::span<const std::byte> data) {
  const XXH128_hash_t hash = XXH3_128bits(data.data(), data.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::string outcome_of(const FileTree& tree, const std::vector<Finding>& findings) {
  std::string outcome = digest_of(tree);
  if (!findings.empty()) {
    std::string keys;
    for (const Finding& finding : findings) {
      keys += finding.key + "\n";
    }
    outcome += "+" + outcome_of(std::as_bytes(std::span(keys)));
  }
  return outcome;
}

}  // namespace powercut
