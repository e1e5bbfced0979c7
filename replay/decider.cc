// SPDX-License-Identifier: GPL-2.0-only

#include "replay/decider.h"

#include <utility>

namespace powercut {

Decider::Decider(std::shared_ptr<const Recording> recording, StateRunner& runner,
                 Tier tier, const ExplorerOptions& options,
                 const InferenceOptions& inference) {
  if (tier == Tier::kProved) {
    explorer_.emplace(std::move(recording), runner, options);
  } else {
    inference_.emplace(std::move(recording), runner, options, inference);
  }
}

Result<Certificate> Decider::decide(const std::shared_ptr<const Durability>& durability,
                                    const std::vector<Window>& windows) {
  return explorer_ ? explorer_->explore(durability, windows)
                   : inference_->infer(durability, windows);
}

}  // namespace powercut
