// SPDX-License-Identifier: GPL-2.0-only
//
// Models of block-device stacks (docs/models.md): small simulations of what a stack does
// to its devices, each sound or with one fault, that write a real log. They are what the
// exploration of several devices, and of orders of submission, is tested with; no kernel
// is asked, and no time passes. Same options, same log, byte for byte.
//
// A model is a file with one ModelKind, and one entry in model_list.cc. Its checker is
// "model:NAME".

#pragma once

#include "base/result.h"
#include "log/event.h"
#include "scenarios/models/model_queue.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace powercut {

struct ModelOptions {
  bool fault = false;
  bool late = false;           // see ModelKind::may_be_late
  bool shared_domain = false;  // all devices have one volatile cache
  ModelOrder order = ModelOrder::kSubmission;
  std::uint64_t seed = 1;
};

struct ModelKind {
  std::string name;
  std::string description;  // one line
  std::string fault;        // one line
  // Its fault has a second form, in which writes complete after the flush that should
  // cover them, and not only after its submission.
  bool may_be_late = false;
  std::vector<Device> devices;  // each with a flush domain of its own
  // Fails if the log does.
  Status (*run)(ModelQueue& queue, const ModelOptions& options);
};

std::vector<ModelKind> model_kinds();

// An Error (kUsage) names those that there are.
Result<ModelKind> find_model(const std::string& name);

// A device as models have them: blocks of 4096 bytes, a volatile cache, FUA, discarded
// blocks read as zeros.
Device model_device(const std::string& name, std::uint64_t size_bytes);

// Runs the model and writes its log to `path`, replacing what is there. An Error (kUsage)
// if the options ask for what the model does not have.
Status record_model(const ModelKind& kind, const ModelOptions& options,
                    const std::filesystem::path& path);

}  // namespace powercut
