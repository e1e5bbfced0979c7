// SPDX-License-Identifier: GPL-2.0-only
//
// The inference of one window at work. Internal to replay/.

#pragma once

#include "base/random.h"
#include "replay/inference.h"

#include <functional>

namespace powercut {

class Inference::WindowWork {
 public:
  using Options = WriteChoices::Options;

  WindowWork(Inference& inference, std::shared_ptr<const Durability> durability,
             std::shared_ptr<const StateSpace> space, Window window);

  // What became of it; `inferred` only if the guess held.
  Result<InferredWindow> work();

 private:
  // States with their answers, in the order they were run.
  struct Sample {
    Options options;
    OutcomeId outcome = 0;
  };

  // Answers, from memory or by running; nothing if a budget ended it.
  Result<std::optional<std::vector<OutcomeId>>> ask(const std::vector<Options>& states,
                                                    bool random);
  Result<std::optional<OutcomeId>> ask_one(const Options& state);

  Result<bool> run_structured();
  Result<bool> order_rules();
  Result<bool> explain_all();
  Result<bool> explain(const Sample& sample);
  Result<bool> explain_torn(const Sample& sample, const Options& whole);
  Result<bool> confirm();
  Result<bool> run_every_state();
  std::vector<Options> next_random(std::size_t count);

  // Makes `parts` as small as it can while holds(subset) is true; holds(parts) is.
  Result<std::optional<std::vector<std::uint32_t>>> shrink(
      std::vector<std::uint32_t> parts,
      const std::function<Result<std::optional<bool>>(const std::vector<std::uint32_t>&)>&
          holds);

  std::uint64_t structured_bound() const { return 40 + 3 * choices_.count(); }

  Inference& inference_;
  std::shared_ptr<const Durability> durability_;
  std::shared_ptr<const StateSpace> space_;
  WriteChoices choices_;
  OutcomeModel model_{0};
  InferredWindow result_;
  std::map<Options, OutcomeId> known_;
  std::vector<Sample> samples_;
  Random random_;
};

}  // namespace powercut
