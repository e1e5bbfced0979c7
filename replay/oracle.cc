// SPDX-License-Identifier: GPL-2.0-only

#include "replay/oracle.h"

#include <algorithm>
#include <utility>

namespace powercut {

std::size_t stage_at(const std::vector<EventPos>& boundaries, Cut cut) {
  return static_cast<std::size_t>(
      std::lower_bound(boundaries.begin(), boundaries.end(), cut) - boundaries.begin());
}

Result<Verdict> judge_stage(const Oracle& oracle, std::size_t stage, const Verdict& base,
                            const Verdict* probe) {
  Verdict verdict = probe != nullptr ? *probe : base;
  if (verdict.kind == Verdict::Kind::kInconclusive ||
      base.kind == Verdict::Kind::kInconclusive) {
    return verdict;
  }
  if (verdict.seen == nullptr || base.seen == nullptr) {
    // Of a base that complains and tells nothing else, its complaint is all there is.
    if (verdict.kind == Verdict::Kind::kClean && base.kind == Verdict::Kind::kClean) {
      return fail(ErrorKind::kUsage,
                  "the checker does not tell what it saw, and " + oracle.name() +
                      " cannot be held against it",
                  "--checker ext4, xfs, btrfs, f2fs, vfat and files:PROG tell");
    }
    return verdict;
  }
  std::vector<Finding> findings =
      oracle.judge(stage, base.seen, probe != nullptr ? probe->seen.get() : nullptr);
  if (!findings.empty()) {
    verdict.kind = Verdict::Kind::kFindings;
    std::move(findings.begin(), findings.end(), std::back_inserter(verdict.findings));
  }
  return verdict;
}

}  // namespace powercut
