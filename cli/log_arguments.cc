// SPDX-License-Identifier: GPL-2.0-only

#include "cli/log_arguments.h"

#include "base/print_error.h"
#include "base/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <vector>

namespace powercut {

void warn(const std::string& message) {
  print_error("powercut: warning: {}\n", message);
}

void add_log_options(po::options_description& options) {
  options.add_options()("base", po::value<std::vector<std::string>>()->composing(),
                        "image the device held before the recording; once a device")(
      "size", po::value<std::string>(),
      "size of the device, for logs that do not say it (64M)")(
      "format1", po::value<std::string>()->default_value("narrow"),
      "rule for logs without submission order: narrow (no false alarm) or wide")(
      "no-verify", "do not check the data's checksums while opening");
}

std::shared_ptr<const Recording> open_recording(const Arguments& arguments) {
  RecordingOptions options;
  options.log.verify_data = !arguments.has("no-verify");
  if (arguments.has("base")) {
    for (const std::string& path :
         arguments.values["base"].as<std::vector<std::string>>()) {
      options.bases.emplace_back(path);
    }
  }
  if (arguments.has("size")) {
    options.size_bytes = value_or_throw(parse_bytes(arguments.text("size")));
  }
  std::string rule = arguments.text("format1");
  if (rule != "narrow" && rule != "wide") {
    throw Failure(Error{ErrorKind::kUsage, fmt::format("unknown rule '{}'", rule),
                        "--format1 is narrow or wide"});
  }
  options.timeline.format1 = rule == "wide" ? Format1Rule::kWide : Format1Rule::kNarrow;
  std::shared_ptr<const Recording> recording =
      value_or_throw(Recording::open(arguments.text("LOG"), options));
  for (const std::string& warning : recording->warnings()) {
    warn(warning);
  }
  return recording;
}

void add_model_options(po::options_description& options) {
  options.add_options()("model",
                        po::value<std::string>()->default_value("volatile-cache"),
                        "device model: volatile-cache, write-through or ordered")(
      "fault", po::value<std::string>()->default_value("none"),
      "what a broken device does: ignore-flush:N|all, ignore-fua, corrupt, "
      "lost-write:SEQ")("atomic", po::value<std::string>()->default_value("block"),
                        "what lands as a whole: block (the recorded device's logical "
                        "block), write, or a unit of N bytes (512, 4096)")(
      "discard", po::value<std::string>()->default_value("recorded"),
      "what a discard leaves: recorded, keep, zero or either");
}

CrashModel model_from(const Arguments& arguments, const Recording& recording) {
  CrashModel model;
  model.device = value_or_throw(parse_device_model(arguments.text("model")));
  model.fault = value_or_throw(parse_fault(arguments.text("fault")));
  model.discard = value_or_throw(parse_discard_policy(arguments.text("discard")));
  std::string atomic = arguments.text("atomic");
  if (atomic == "block") {
    model.atomic_bytes = recording.timeline().devices()[0].logical_block_bytes;
    for (const Device& device : recording.timeline().devices()) {
      model.atomic_bytes = std::min(model.atomic_bytes, device.logical_block_bytes);
    }
  } else if (atomic != "write") {
    constexpr std::uint64_t kLargest = 65536;
    std::uint64_t bytes = value_or_throw(parse_bytes(atomic));
    if (!std::has_single_bit(bytes) || bytes < 512 || bytes > kLargest) {
      throw Failure(
          Error{ErrorKind::kUsage, fmt::format("'{}' is no atomic unit", atomic),
                "--atomic is block, write, or a power of two from 512 to 65536"});
    }
    model.atomic_bytes = static_cast<std::uint32_t>(bytes);
  }
  return model;
}

namespace {

// A word as a shell reads it.

}  // namespace

std::string quoted(const std::string& word) {
  constexpr const char* kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,+@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) {
    return word;
  }
  std::string text = "'";
  for (char c : word) {
    text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return text + "'";
}

std::string typed_flags(const Arguments& arguments,
                        std::initializer_list<const char*> names) {
  std::string flags;
  for (const char* name : names) {
    if (arguments.has(name) && !arguments.values[name].defaulted()) {
      flags += fmt::format(" --{} {}", name, quoted(arguments.text(name)));
    }
  }
  return flags;
}

std::string quoted_log(const Arguments& arguments) {
  return quoted(arguments.text("LOG"));
}

std::string state_flags(const Arguments& arguments) {
  std::string flags =
      typed_flags(arguments, {"size", "format1", "model", "fault", "discard"});
  if (arguments.has("base")) {
    for (const std::string& path :
         arguments.values["base"].as<std::vector<std::string>>()) {
      flags += " --base " + quoted(path);
    }
  }
  return flags;
}

nlohmann::ordered_json clean_end(LogEnd end) {
  if (end == LogEnd::kUnknown) {
    return nullptr;
  }
  return end == LogEnd::kClean;
}

}  // namespace powercut
