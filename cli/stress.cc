// SPDX-License-Identifier: GPL-2.0-only
//
// powercut stress: random writes and syncs of a file until the power fails, and what is
// there afterwards against what had been acknowledged.

#include "base/signals.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/recorder.h"
#include "device/stamped_blocks.h"
#include "device/stress_file.h"
#include "scenarios/control_socket.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace powercut {

namespace {

struct Call {
  std::filesystem::path file;
  std::filesystem::path model;
  std::string name;  // before "block N" in marks, with a blank; or empty
  std::uint32_t block_bytes = 0;
  std::uint64_t operations = 0;
  std::uint64_t seed = 0;
  bool marks = false;
  bool lossy = false;
};

Status send(const Call& call, const char* verb, std::size_t block,
            std::uint64_t generation) {
  if (!call.marks) {
    return {};
  }
  const char* const socket = std::getenv(kControlVariable);
  if (socket == nullptr || *socket == '\0') {
    return fail(ErrorKind::kUsage, "no recording is going on around us",
                "--no-marks writes without telling what");
  }
  return send_mark(socket, fmt::format("{} {}block {}: generation {}", verb, call.name,
                                       block, generation));
}

int write(const Call& call) {
  StressFile file = value_or_throw(StressFile::open(call.file, call.block_bytes));
  StressModel model = value_or_throw(StressModel::load(call.model, file.block_count()));
  Random random(call.seed);
  const std::optional<std::string> failed = value_or_throw(
      file.run(random, call.operations, model,
               [&](const char* verb, std::size_t block, std::uint64_t generation) {
                 return send(call, verb, block, generation);
               }));
  value_or_throw(model.save(call.model));
  if (interrupted()) {
    throw Failure(Error{ErrorKind::kInterrupted, "interrupted", {}});
  }
  fmt::print("{}\n", failed ? *failed : fmt::format("{} operations", call.operations));
  return kExitClean;
}

// With --lossy the program went on behind the failure, and was told nothing but lies:
// what is not there is not acknowledged from here on.
int settle(const Call& call) {
  StampedBlocks blocks = value_or_throw(StampedBlocks::open(call.file, call.block_bytes));
  StressModel model = value_or_throw(StressModel::load(call.model, blocks.block_count()));
  bool faults = false;
  const auto fault = [&](const std::string& text) {
    faults = true;
    fmt::print("fault: {}{}\n", call.name, text);
  };
  for (std::size_t block = 0; block < model.block_count(); ++block) {
    const StampedBlocks::Sight sight = blocks.look(block, {BlockContent::kZeros});
    if (!sight.fault.empty()) {
      fault(sight.fault);
      continue;
    }
    const std::uint64_t promised = model.block(block).acknowledged;
    for (std::uint64_t each = sight.generation + 1; call.lossy && each <= promised;
         ++each) {
      value_or_throw(send(call, "drop", block, each));
    }
    const std::string wrong = model.settle(block, sight.generation);
    if (!wrong.empty() && !(call.lossy && sight.generation < promised)) {
      fault(wrong);
    }
  }
  value_or_throw(model.save(call.model));
  return faults ? kExitFindings : kExitClean;
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()(
      "model", po::value<std::string>()->required(),
      "file for what was begun and acknowledged, not on what is tested")(
      "settle", "compare what is there with the model, and take it for what is known")(
      "lossy", "settle: what is missing was lost while the device still said yes")(
      "operations", po::value<std::uint64_t>()->default_value(100), "at most so many")(
      "seed", po::value<std::uint64_t>()->default_value(1), "of what is done")(
      "block-size", po::value<std::string>()->default_value("4K"), "of a block")(
      "name", po::value<std::string>()->default_value(""),
      "of the file, in marks and claims, if there are several")(
      "no-marks", "do not tell the recording what is written");
  const Arguments arguments = parse_arguments(self, options, {"FILE"}, words);
  Call call;
  call.file = arguments.text("FILE");
  call.model = arguments.text("model");
  call.name = arguments.text("name").empty() ? "" : arguments.text("name") + " ";
  call.block_bytes =
      value_or_throw(parse_stamped_block_bytes(arguments.text("block-size")));
  call.operations = arguments.values["operations"].as<std::uint64_t>();
  call.seed = arguments.values["seed"].as<std::uint64_t>();
  call.marks = !arguments.has("no-marks");
  call.lossy = arguments.has("lossy");
  if (call.lossy && !arguments.has("settle")) {
    refuse("--lossy without --settle", "it says how to take what is there");
  }
  return arguments.has("settle") ? settle(call) : write(call);
}

}  // namespace

extern const Command kStressCommand = {
    "stress", "--model MODEL [--settle] FILE",
    "write to a file at random until the power fails, and compare afterwards",
    "Writes stamped blocks (through the page cache, past it, and O_DSYNC) and syncs "
    "them\n"
    "until something fails, and keeps in MODEL what was begun and what acknowledged; "
    "the\n"
    "recording around it is told the same by marks. With --settle, after the device is\n"
    "back: a line \"fault:\" for each block that is older than what was acknowledged, "
    "or\n"
    "newer than what was begun, and exit code 1. For power failures of a running stack;\n"
    "see docs/stacks.md.\n\n"
    "examples:\n"
    "  powercut stress --model /tmp/one --seed 7 /mnt/one\n"
    "  powercut stress --model /tmp/one --settle /mnt/one\n\n",
    &run};

}  // namespace powercut
