// SPDX-License-Identifier: GPL-2.0-only
//
// powercut stamp: writes data into a file that a check with --data knows again.

#include "base/units.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "device/stamped_write.h"

#include <fmt/format.h>

namespace powercut {

namespace {

StampSync parse_sync(const std::string& text) {
  if (text != "none" && text != "data" && text != "file") {
    throw Failure(Error{ErrorKind::kUsage, fmt::format("cannot sync '{}'", text),
                        "--sync is none, data (fdatasync) or file (fsync)"});
  }
  return text == "none"   ? StampSync::kNone
         : text == "data" ? StampSync::kData
                          : StampSync::kFile;
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()("offset", po::value<std::string>()->default_value("0"),
                        "where in the file")(
      "length", po::value<std::string>()->default_value("4K"), "how much")(
      "sequence", po::value<std::uint64_t>()->default_value(1),
      "number of the write; a finding tells it")("direct", "past the page cache")(
      "sync", po::value<std::string>()->default_value("none"),
      "afterwards: none, data (fdatasync) or file (fsync)");
  Arguments arguments = parse_arguments(self, options, {"FILE"}, words);
  StampedWrite write;
  write.offset_bytes = value_or_throw(parse_bytes(arguments.text("offset")));
  write.length_bytes = value_or_throw(parse_bytes(arguments.text("length")));
  write.sequence = arguments.values["sequence"].as<std::uint64_t>();
  write.direct = arguments.has("direct");
  write.sync = parse_sync(arguments.text("sync"));
  value_or_throw(write_stamped(arguments.text("FILE"), write));
  return kExitClean;
}

}  // namespace

extern const Command kStampCommand = {
    "stamp", "[--offset N] [--length N] [--sync WHAT] FILE",
    "write data that a check with --data knows again",
    "Fills a piece of FILE with stamps: each sector says to which inode and offset it\n"
    "belongs. `check --data` complains of a sector that turns up in another file or at\n"
    "another offset: what a file shows there was never written to it.\n\n"
    "example, inside a workload:\n"
    "  powercut stamp --length 64K --sync file log && powercut mark log-is-safe\n\n",
    &run};

}  // namespace powercut
