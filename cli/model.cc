// SPDX-License-Identifier: GPL-2.0-only
//
// powercut model: writes the log of a modelled stack of block devices.

#include "scenarios/models/model.h"

#include "base/new_file.h"
#include "cli/arguments.h"
#include "cli/command.h"

#include <fmt/format.h>

namespace powercut {

namespace {

bool second_of(const Arguments& arguments, const char* option, const char* first,
               const char* second) {
  const std::string word = arguments.text(option);
  if (word != first && word != second) {
    throw Failure(Error{ErrorKind::kUsage,
                        fmt::format("--{} {} is not known", option, word),
                        fmt::format("--{} is {} or {}", option, first, second)});
  }
  return word == second;
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()("output,o", po::value<std::string>(), "the log")(
      "fault", "with the model's fault, not sound")(
      "late", "journal: the other form of its fault")(
      "domain", po::value<std::string>()->default_value("separate"),
      "separate: each device has a volatile cache of its own; shared: one for all")(
      "order", po::value<std::string>()->default_value("submission"),
      "submission: the log knows when requests were submitted; completion: only when "
      "they completed")("seed", po::value<std::uint64_t>()->default_value(1),
                        "of everything random: same seed, same log");
  const Arguments arguments = parse_arguments(self, options, {"NAME"}, words);
  const ModelKind kind = value_or_throw(find_model(arguments.text("NAME")));
  if (!arguments.has("output")) {
    throw Failure(Error{ErrorKind::kUsage, "where does the log go? --output is missing",
                        "see powercut model --help"});
  }
  ModelOptions model;
  model.fault = arguments.has("fault");
  model.late = arguments.has("late");
  model.shared_domain = second_of(arguments, "domain", "separate", "shared");
  model.order = second_of(arguments, "order", "submission", "completion")
                    ? ModelOrder::kCompletion
                    : ModelOrder::kSubmission;
  model.seed = arguments.values["seed"].as<std::uint64_t>();
  const std::string path = arguments.text("output");
  value_or_throw(NewFile::check(path, ""));
  NewFile file(path);
  value_or_throw(record_model(kind, model, file.partial()));
  value_or_throw(file.finish());
  fmt::print("{}: {}; {}\n", path, kind.description,
             model.fault ? "faulty: " + kind.fault : "sound");
  return kExitClean;
}

}  // namespace

extern const Command kModelCommand = {
    "model", "NAME [--fault] [--domain D] [--order O] [--seed N] -o LOG",
    "write the log of a modelled stack of devices, sound or faulty",
    "Simulates what a stack of block devices does to its devices, and writes a log of "
    "it:\n"
    "clone (two devices), journal, order. Each is sound, or has one fault with --fault,\n"
    "which `check LOG --checker model:NAME` finds: a test of the harness that needs no\n"
    "kernel. docs/models.md tells what they are models of.\n\n"
    "example:\n"
    "  powercut model clone --fault -o clone.log\n"
    "  powercut check clone.log --checker model:clone\n\n",
    &run};

}  // namespace powercut
