// SPDX-License-Identifier: GPL-2.0-only

#include "replay/lost_writes.h"

#include "replay/write_choices.h"

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

}  // namespace

std::vector<std::string> lost_writes(const CrashState& state) {
  const Timeline& timeline = state.space->recording().timeline();
  std::vector<std::string> lines;
  if (timeline.devices().size() < 2) {
    return lines;
  }
  const WriteChoices choices(state.space);
  std::map<std::uint16_t, OfDevice> devices;
  for (ChoiceIndex choice = 0; choice < choices.count(); ++choice) {
    ++devices[timeline.write(choices.write(choice)).device].pending;
  }
  for (const ChoiceIndex choice : choices.missing(state.options)) {
    const WriteIndex write = choices.write(choice);
    OfDevice& of = devices[timeline.write(write).device];
    ++of.lost;
    if (of.named.size() < kMostNamed) {
      of.named.push_back(name_of_write(timeline, write));
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
