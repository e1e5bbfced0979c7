// SPDX-License-Identifier: GPL-2.0-only
//
// powercut log verify: is the log whole, and does it say what is on the device?

#include "base/image_source.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/log_arguments.h"
#include "cli/output.h"
#include "replay/state_view.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

namespace powercut {

namespace {

struct Difference {
  std::uint64_t first_byte = 0;
  std::uint64_t sectors = 0;
};

// The 512-byte sectors in which the end of the log and the device differ.
Difference compare(const BlockSource& view, const BlockSource& device) {
  constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;
  constexpr std::uint64_t kSector = 512;
  Difference difference;
  std::vector<std::byte> ours(kPiece);
  std::vector<std::byte> theirs(kPiece);
  for (std::uint64_t at = 0; at < view.size_bytes(); at += kPiece) {
    std::size_t length = std::min(kPiece, view.size_bytes() - at);
    view.read(at, std::span(ours).first(length));
    device.read(at, std::span(theirs).first(length));
    if (std::memcmp(ours.data(), theirs.data(), length) == 0) {
      continue;
    }
    for (std::size_t s = 0; s < length; s += kSector) {
      if (std::memcmp(&ours[s], &theirs[s], kSector) != 0) {
        difference.first_byte = difference.sectors == 0 ? at + s : difference.first_byte;
        ++difference.sectors;
      }
    }
  }
  return difference;
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()("device", po::value<std::string>(),
                        "the recorded device as it is now, or an image of it")(
      "number", po::value<std::uint16_t>()->default_value(0),
      "which of the log's devices that is, from 0")(
      "json", po::value<std::string>(), "write as JSON to a file, - is stdout");
  add_log_options(options);
  Arguments arguments = parse_arguments(self, options, {"LOG"}, words);
  check_report_path(arguments);
  std::shared_ptr<const Recording> recording;
  std::shared_ptr<const ImageSource> device;
  std::uint16_t number = arguments.values["number"].as<std::uint16_t>();
  if (arguments.has("device")) {
    device = value_or_throw(ImageSource::open(arguments.text("device")));
    if (!arguments.has("size") && number == 0) {
      // A format-1 log does not say how large its device was; the device does.
      std::string size = fmt::format("{}", device->size_bytes());
      arguments.values.insert({"size", po::variable_value(size, false)});
    }
  }
  recording = open_recording(arguments);
  if (number >= recording->device_count()) {
    throw Failure(
        Error{ErrorKind::kUsage, fmt::format("no device {} in this log", number), {}});
  }
  const Log& log = recording->log();
  nlohmann::ordered_json json;
  std::string text =
      fmt::format("log      {}: {}, {} entries, {}\n", arguments.text("LOG"),
                  log.description(), log.entry_count(),
                  log.end() == LogEnd::kClean ? "clean end"
                  : log.end() == LogEnd::kCut ? "NOT whole"
                                              : "end not marked");
  bool sound = log.end() != LogEnd::kCut;
  json["clean_end"] = clean_end(log.end());
  json["entries"] = log.entry_count();
  json["warnings"] = recording->warnings();
  if (device != nullptr) {
    const Device& recorded = log.devices()[number];
    if (recorded.size_bytes != 0 && recorded.size_bytes != device->size_bytes()) {
      throw Failure(Error{ErrorKind::kBadInput,
                          fmt::format("{} has {} bytes, the recorded device had {}",
                                      arguments.text("device"), device->size_bytes(),
                                      recorded.size_bytes),
                          {}});
    }
    std::shared_ptr<const StateView> view =
        linear_view(recording, recording->timeline().end(), number);
    Difference difference = compare(*view, *device);
    bool equal = difference.sectors == 0;
    sound = sound && equal;
    json["equal"] = equal;
    json["different_sectors"] = difference.sectors;
    json["first_difference"] = difference.first_byte;
    text +=
        equal ? fmt::format("device   {}: equal to the end of the log, {} bytes\n",
                            arguments.text("device"), device->size_bytes())
              : fmt::format("device   {}: DIFFERS in {} sectors, the first at byte {}\n",
                            arguments.text("device"), difference.sectors,
                            difference.first_byte);
  }
  write_report(arguments, text, json.dump(2) + "\n");
  return sound ? kExitClean : kExitFindings;
}

}  // namespace

extern const Command kLogVerifyCommand = {
    "log verify", "LOG [--device FILE]",
    "is the log whole, and equal to the device it recorded?",
    "Checks every checksum, and with --device that a full replay gives the device byte\n"
    "for byte: the proof that no write went past the recorder. Exit code 1: it does "
    "not.\n\n"
    "example:\n  powercut log verify run.log --device disk.img\n\n",
    &run};

}  // namespace powercut
