// SPDX-License-Identifier: GPL-2.0-only

#include "replay/lost_writes.h"

#include <fmt/format.h>

#include <map>

namespace powercut {

namespace {

constexpr std::size_t kMostNamed = 6;

struct OfDevice {
  std::size_t pending = 0;
  std::size_t lost = 0;
  std::vector<std::string> named;
};

std::string name_of_write(const Timeline& timeline, WriteIndex index) {
  const Write& write = timeline.write(index);
  return fmt::format("{} ({} bytes at {})", timeline.seq_of(write), write.length_bytes,
                     write.offset_bytes);
}

// What the variable is about, on which device.
std::string name_of(const StateSpace& space, Variable variable, std::uint16_t& device) {
  const Timeline& timeline = space.recording().timeline();
  const WriteIndex write = space.write_of(variable);
  if (write != kNoWrite) {
    device = timeline.write(write).device;
    return name_of_write(timeline, write);
  }
  const UnitKey unit = space.unit_of(variable);
  device = device_of(unit);
  return fmt::format("the newest at {}", number_of(unit) * space.unit_bytes());
}

}  // namespace

std::vector<std::string> lost_writes(const CrashState& state) {
  const StateSpace& space = *state.space;
  const Timeline& timeline = space.recording().timeline();
  std::vector<std::string> lines;
  if (timeline.devices().size() < 2) {
    return lines;
  }
  std::map<std::uint16_t, OfDevice> devices;
  for (Variable v = 0; v < state.options.size(); ++v) {
    std::uint16_t device = 0;
    const std::string name = name_of(space, v, device);
    OfDevice& of = devices[device];
    ++of.pending;
    if (state.options[v] != space.most(v)) {
      ++of.lost;
      if (of.named.size() < kMostNamed) {
        of.named.push_back(name);
      }
    }
  }
  for (const auto& [device, of] : devices) {
    std::string line = fmt::format("{} lost {} of {} pending writes",
                                   timeline.devices()[device].name, of.lost, of.pending);
    if (of.lost > 0) {
      line += fmt::format(": {}", fmt::join(of.named, ", "));
    }
    lines.push_back(of.lost > of.named.size() ? line + ", ..." : line);
  }
  return lines;
}

}  // namespace powercut
