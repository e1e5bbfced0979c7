// SPDX-License-Identifier: GPL-2.0-only
//
// powercut log convert: between the formats, and what is lost is said.

#include "base/new_file.h"
#include "base/units.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/log_arguments.h"
#include "log/convert.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <optional>

namespace powercut {

namespace {

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()("output,o", po::value<std::string>(), "the new log")(
      "format", po::value<int>()->default_value(2), "1 (dm-log-writes) or 2")(
      "size", po::value<std::string>(), "1 to 2: size of the recorded device");
  Arguments arguments = parse_arguments(self, options, {"LOG"}, words);
  int format = arguments.values["format"].as<int>();
  if (!arguments.has("output") || (format != 1 && format != 2)) {
    throw Failure(Error{ErrorKind::kUsage,
                        arguments.has("output")
                            ? fmt::format("there is no format {}", format)
                            : "where to? --output is missing",
                        "see powercut log convert --help"});
  }
  DamageList damage;
  std::unique_ptr<Log> log = value_or_throw(Log::open(arguments.text("LOG"), {}, damage));
  for (const std::string& sentence : damage.sentences()) {
    warn(sentence);
  }
  ConvertOptions convert_options;
  convert_options.target = format == 1 ? LogFormat::k1 : LogFormat::k2;
  if (arguments.has("size")) {
    convert_options.size_bytes = value_or_throw(parse_bytes(arguments.text("size")));
  }
  std::filesystem::path path = arguments.text("output");
  value_or_throw(NewFile::check(path, arguments.text("LOG"), NewFile::Devices::kInPlace));
  // A device is written in place; a file comes out whole or not at all.
  std::optional<NewFile> file;
  if (!std::filesystem::is_block_file(path)) {
    file.emplace(path);
  }
  ConvertReport report =
      value_or_throw(convert(*log, file ? file->partial() : path, convert_options));
  if (file) {
    value_or_throw(file->finish());
  }
  for (const std::string& loss : report.losses) {
    warn(loss);
  }
  fmt::print("{}: {} entries of {} became {}\n", arguments.text("output"),
             report.entries_read, arguments.text("LOG"), report.entries_written);
  return kExitClean;
}

}  // namespace

extern const Command kLogConvertCommand = {
    "log convert", "LOG -o FILE [--format 1|2]", "rewrite a log in the other format",
    "What the target format cannot say is either named as lost or, where it would "
    "change\n"
    "the permitted states for the worse, refused.\n\n"
    "example:\n  powercut log convert old.log -o new.log --size 64M\n\n",
    &run};

}  // namespace powercut
