// SPDX-License-Identifier: GPL-2.0-only

#include "workload/ledger.h"

#include "workload/ledger_judge.h"

#include <utility>

namespace powercut {

struct Ledger::Latest {
  std::size_t stage = 0;
  std::shared_ptr<const Observation> base;
  std::unique_ptr<LedgerJudge> judge;
  std::vector<Finding> findings;
};

Ledger::Ledger(Workload workload, const Promises& promises)
    : workload_(std::move(workload)), promises_(promises) {}

Ledger::~Ledger() = default;

Result<std::unique_ptr<Ledger>> Ledger::make(Workload workload, const Promises& promises,
                                             const Timeline& timeline,
                                             std::shared_ptr<const BlockSource> disk) {
  std::unique_ptr<Ledger> ledger(new Ledger(std::move(workload), promises));
  PC_ASSIGN_OR_RETURN(ledger->model_,
                      FileModel::build(ledger->workload_, std::move(disk)));
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

// A base may have thousands of probes, which come one after the other: what its names
// stand for is found once.
std::vector<Finding> Ledger::judge(std::size_t stage,
                                   const std::shared_ptr<const Observation>& base,
                                   const Observation* probe) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (latest_ == nullptr || latest_->stage != stage || latest_->base != base) {
    latest_ = std::make_unique<Latest>();
    latest_->stage = stage;
    latest_->base = base;
    latest_->judge = std::make_unique<LedgerJudge>(*this, stage, *base);
    latest_->findings = latest_->judge->judge_names();
  }
  return probe == nullptr ? latest_->findings : latest_->judge->judge_data(*probe);
}

}  // namespace powercut
