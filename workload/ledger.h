// SPDX-License-Identifier: GPL-2.0-only
//
// The durability ledger: an oracle that knows what a workload did and what was
// acknowledged to it, and holds what recovery brought back against that.
//
//   - What was acknowledged is there at every later cut.
//   - What was not may be there or not, name by name, byte range by byte range, never
//     something else.
//   - A rename is atomic: a file that was durable has the old name or the new one, not
//     none and not both.
//   - What was removed for good does not come back; no file holds what no write wrote.
//
// Which names and attributes an acknowledgement covers depends on the file system:
// promises.h. docs/oracles.md tells it all, with what is not judged.

#pragma once

#include "base/result.h"
#include "replay/oracle.h"
#include "workload/acknowledgements.h"
#include "workload/file_model.h"
#include "workload/floors.h"
#include "workload/promises.h"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace powercut {

class Ledger final : public Oracle {
 public:
  // An Error: the workload contradicts itself, or the marks of the timeline are not of
  // this workload. `disk`: what the raw disk that it is about held before; null: it is
  // about files.
  static Result<std::unique_ptr<Ledger>> make(
      Workload workload, const Promises& promises, const Timeline& timeline,
      std::shared_ptr<const BlockSource> disk = nullptr);
  ~Ledger() override;

  std::string name() const override { return "the durability ledger"; }

  const std::vector<EventPos>& boundaries() const override { return acks_.positions; }

  std::vector<Finding> judge(std::size_t stage,
                             const std::shared_ptr<const Observation>& base,
                             const Observation* probe) const override;

 private:
  friend class LedgerJudge;

  struct Latest;  // the base that was judged last

  Ledger(Workload workload, const Promises& promises);

  Workload workload_;
  Promises promises_;
  FileModel model_;
  Acknowledgements acks_;
  std::vector<Floors> floors_;    // by stage
  std::vector<StepBound> begun_;  // by stage
  mutable std::mutex mutex_;
  mutable std::unique_ptr<Latest> latest_;  // mutex_
};

}  // namespace powercut
