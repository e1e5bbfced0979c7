// SPDX-License-Identifier: GPL-2.0-only
//
// The ledger of a program that keeps its own data (a database): what it acknowledged with
// the mark "ack X" must be claimed by who looks at every later state ("have X"), and
// nothing may be claimed that it had not begun with the mark "begin X" (or acknowledged)
// by then. X is any text. A mark "drop X" says that X may be gone from there on.

#pragma once

#include "base/result.h"
#include "replay/oracle.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace powercut {

class ClaimsOracle final : public Oracle {
 public:
  // An Error (kBadInput): no mark of the timeline acknowledges anything, so nothing could
  // ever be found missing.
  static Result<std::unique_ptr<ClaimsOracle>> make(const Timeline& timeline);

  std::string name() const override { return "the ledger of acknowledgements"; }

  const std::vector<EventPos>& boundaries() const override { return boundaries_; }

  std::vector<Finding> judge(std::size_t stage,
                             const std::shared_ptr<const Observation>& base,
                             const Observation* probe) const override;

 private:
  struct Stage {
    std::set<std::string> wanted;
    std::set<std::string> begun;
  };

  std::vector<EventPos> boundaries_;
  std::vector<Stage> stages_;
};

}  // namespace powercut
