// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/checker.h"

#include <utility>

namespace powercut {

Judgement base_only(Verdict verdict) {
  Judgement judgement;
  judgement.probes.push_back({"base", std::move(verdict)});
  return judgement;
}

}  // namespace powercut
