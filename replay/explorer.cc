// SPDX-License-Identifier: GPL-2.0-only

#include "replay/explorer.h"

#include "replay/exploration.h"

#include <fmt/format.h>

namespace powercut {

Explorer::Explorer(std::shared_ptr<const Recording> recording, StateRunner& runner,
                   ExplorerOptions options)
    : recording_(std::move(recording)), runner_(runner), options_(std::move(options)) {
  trees_.emplace_back().name = "base";
}

Explorer::~Explorer() = default;

Result<Certificate> Explorer::explore(std::shared_ptr<const Durability> durability,
                                      const std::vector<Window>& windows) {
  std::uint32_t unit = unit_bytes_for(recording_->timeline(), durability->model());
  if (unit_bytes_ != 0 && unit_bytes_ != unit) {
    return fail(ErrorKind::kUsage,
                fmt::format("one explorer cannot change its unit from {} to {} bytes",
                            unit_bytes_, unit));
  }
  unit_bytes_ = unit;
  Run run(*this, std::move(durability), windows);
  return run.go();
}

}  // namespace powercut
