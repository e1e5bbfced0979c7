// SPDX-License-Identifier: GPL-2.0-only

#include "workload/ledger.h"

#include "workload/ledger_judge.h"

#include <utility>

namespace powercut {

Result<std::unique_ptr<Ledger>> Ledger::make(Workload workload, const Promises& promises,
                                             const Timeline& timeline) {
  std::unique_ptr<Ledger> ledger(new Ledger(std::move(workload), promises));
  PC_ASSIGN_OR_RETURN(ledger->model_, FileModel::build(ledger->workload_));
  PC_ASSIGN_OR_RETURN(ledger->acks_, read_acknowledgements(timeline, ledger->workload_));
  const FloorBuilder builder(ledger->workload_, ledger->model_, ledger->acks_,
                             ledger->promises_);
  Floors floors;
  for (std::size_t stage = 0; stage <= ledger->acks_.operations.size(); ++stage) {
    if (stage > 0) {
      builder.add(floors, stage - 1);
    }
    ledger->floors_.push_back(floors);
    ledger->begun_.push_back(
        StepBound::begun_after(ledger->workload_, ledger->acks_, stage));
  }
  return ledger;
}

std::vector<Finding> Ledger::judge(std::size_t stage, const Observation& base,
                                   const Observation* probe) const {
  LedgerJudge judge(*this, stage, base);
  std::vector<Finding> findings = judge.judge_names();
  return probe == nullptr ? findings : judge.judge_data(*probe);
}

}  // namespace powercut
