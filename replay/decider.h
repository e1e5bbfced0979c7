// SPDX-License-Identifier: GPL-2.0-only
//
// Decides windows by the tier of the checker: by footprints, or by inference.

#pragma once

#include "replay/explorer.h"
#include "replay/inference.h"

#include <memory>
#include <optional>

namespace powercut {

// Keeps what it learned from one call to the next, where the tier allows it. The runner
// must outlive it. Not thread-safe.
class Decider {
 public:
  Decider(std::shared_ptr<const Recording> recording, StateRunner& runner, Tier tier,
          const ExplorerOptions& options, const InferenceOptions& inference);

  Result<Certificate> decide(const std::shared_ptr<const Durability>& durability,
                             const std::vector<Window>& windows);

 private:
  std::optional<Explorer> explorer_;
  std::optional<Inference> inference_;
};

}  // namespace powercut
