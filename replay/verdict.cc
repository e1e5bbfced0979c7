// SPDX-License-Identifier: GPL-2.0-only

#include "replay/verdict.h"

#include <fmt/format.h>

#include <algorithm>

namespace powercut {

bool Verdict::same_as(const Verdict& other) const {
  return kind == other.kind &&
         std::equal(findings.begin(), findings.end(), other.findings.begin(),
                    other.findings.end(),
                    [](const Finding& a, const Finding& b) { return a.key == b.key; });
}

std::string Verdict::summary() const {
  switch (kind) {
    case Kind::kClean:
      return "clean";
    case Kind::kInconclusive:
      return "inconclusive: " + reason;
    case Kind::kFindings:
      break;
  }
  std::string text = findings.empty() ? "findings" : findings[0].summary;
  if (findings.size() > 1) {
    text += fmt::format(" (and {} more)", findings.size() - 1);
  }
  return text;
}

}  // namespace powercut
