// SPDX-License-Identifier: GPL-2.0-only

#include "workload/workload_text.h"

#include <algorithm>
#include <cstdlib>

namespace powercut {

namespace {

constexpr std::size_t kLongest = 64;

// Insertions, deletions, changes and swaps of neighbours that turn one into the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1,
                                             std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const bool same = a[i - 1] == b[j - 1];
      cost[i][j] = std::min(
          {cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::string nearest_word(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  // A third of the word may be wrong; of a word of two letters one.
  std::size_t least = std::max<std::size_t>(word.size() / 3, 1) + 1;
  if (word.empty() || word.size() > kLongest) {
    return best;
  }
  for (const std::string& each : known) {
    if (each.size() > kLongest) {
      continue;
    }
    const std::size_t distance = edit_distance(word, each);
    if (distance < least && distance < each.size()) {
      least = distance;
      best = each;
    }
  }
  return best;
}

}  // namespace powercut
