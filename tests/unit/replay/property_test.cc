// SPDX-License-Identifier: GPL-2.0-only
//
// The engine against the crash model written a second time (tests/support/
// reference_model.h), and against the properties of docs/crash-model.md, over random
// small histories. A failure prints the history; the seed is its index.

#include "replay/window.h"
#include "tests/support/brute_force.h"
#include "tests/support/random_history.h"
#include "tests/support/reference_model.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace powercut::test {
namespace {

constexpr std::uint64_t kMostStates = 800;

std::string describe(const History& history) {
  std::string text;
  for (const HistoryEvent& event : history.events()) {
    const char* type = event.type == EventType::kSubmit     ? "submit"
                       : event.type == EventType::kComplete ? "complete"
                                                            : "mark";
    text += fmt::format("{} {} {}{} device {} at {}+{}{}{}{}\n", type, event.request,
                        to_string(event.op), event.letter != 0 ? event.letter : ' ',
                        event.place.device, event.place.sector, event.place.sectors,
                        event.fua ? " fua" : "", event.unstable ? " unstable" : "",
                        event.status != 0 ? " failed" : "");
  }
  for (const Device& device : history.devices()) {
    text += fmt::format("{}: domain {}, write cache {}\n", device.name, device.domain,
                        device.write_cache);
  }
  return text;
}

CrashModel model_of(DeviceModel device) {
  CrashModel model;
  model.device = device;
  return model;
}

CrashModel engine_model(const ReferenceModel& model) {
  CrashModel same;
  same.device = model.ordered         ? DeviceModel::kOrdered
                : model.write_through ? DeviceModel::kWriteThrough
                                      : DeviceModel::kVolatileCache;
  same.discard = model.discard == 'k'   ? DiscardPolicy::kKeep
                 : model.discard == 'z' ? DiscardPolicy::kZero
                                        : DiscardPolicy::kEither;
  same.atomic_bytes = static_cast<std::uint32_t>(model.atomic_sectors * 512);
  return same;
}

// All states at a cut; nothing if they are too many to enumerate here.
std::optional<std::set<std::string>> engine_states(
    const std::shared_ptr<const Recording>& recording, const CrashModel& model, Cut cut,
    BigCount* count = nullptr) {
  const auto space = StateSpace::build(recording, durability(*recording, model), cut);
  if (!space || (*space)->state_count() > kMostStates) {
    return std::nullopt;
  }
  std::set<std::string> states;
  for_each_state(*space,
                 [&](const CrashState& state) { states.insert(letters_of(state)); });
  if (count != nullptr) {
    *count = (*space)->state_count();
  }
  return states;
}

// Compares the two models at every cut of a history; returns how many cuts that were.
std::size_t compare(const History& history, const ReferenceModel& model) {
  const std::shared_ptr<const Recording> recording = recorded(history);
  INFO(describe(history));
  std::size_t compared = 0;
  for (Cut cut = 0; cut <= history.now(); ++cut) {
    const auto expected = reference_states(history, model, cut);
    BigCount count = 0;
    const auto states = engine_states(recording, engine_model(model), cut, &count);
    if (!expected || !states) {
      continue;
    }
    ++compared;
    INFO("cut " << cut);
    REQUIRE(*states == expected->contents);
    if (model.atomic_sectors != 0) {
      REQUIRE(count == expected->versions);
    }
  }
  return compared;
}

// The same for many random histories.
std::size_t compare_all(std::uint64_t histories, const HistoryShape& shape,
                        ReferenceModel model) {
  std::size_t compared = 0;
  for (std::uint64_t seed = 0; seed < histories; ++seed) {
    Random random(seed);
    model.discard = "kze"[seed % 3];
    INFO("seed " << seed);
    compared += compare(random_history(random, shape), model);
  }
  return compared;
}

bool includes(const std::set<std::string>& all, const std::set<std::string>& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

TEST_CASE("whole writes: the states are those of the model written a second time",
          "[replay][property]") {
  CHECK(compare_all(120, {}, {}) > 1500);
  CHECK(compare_all(30, {.sectors = 8, .grain = 2, .most_sectors = 4}, {}) > 350);
}

TEST_CASE("whole writes on two devices: the same, in one domain and in two",
          "[replay][property]") {
  CHECK(compare_all(80, {.devices = 2, .sectors = 3}, {}) > 1000);
  CHECK(compare_all(80, {.devices = 2, .one_domain = true, .sectors = 3}, {}) > 1000);
}

TEST_CASE("units of 512 bytes: the states and their number are those of the model",
          "[replay][property]") {
  CHECK(compare_all(150, {}, {.atomic_sectors = 1}) > 2000);
  CHECK(compare_all(60, {.devices = 2, .sectors = 3}, {.atomic_sectors = 1}) > 800);
  CHECK(compare_all(40, {.sectors = 8, .grain = 2, .most_sectors = 4},
                    {.atomic_sectors = 1}) > 400);
}

TEST_CASE("units of 1024 bytes over writes of 512: the states and their number are right",
          "[replay][property]") {
  CHECK(compare_all(150, {}, {.atomic_sectors = 2}) > 2000);
}

TEST_CASE(
    "units of 4096 bytes over writes of 1024: the states and their number are right",
    "[replay][property]") {
  const HistoryShape shape{.sectors = 16, .grain = 2, .most_sectors = 4, .writes = 4};
  CHECK(compare_all(80, shape, {.atomic_sectors = 8}) > 900);
}

TEST_CASE("a device that writes through, and one that keeps the order: the same",
          "[replay][property]") {
  CHECK(compare_all(80, {}, {.write_through = true}) > 1000);
  CHECK(compare_all(80, {}, {.ordered = true}) > 1000);
}

TEST_CASE("every state of the ordered model is permitted by the volatile cache",
          "[replay][property]") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed);
    const History history = random_history(random, {});
    const std::shared_ptr<const Recording> recording = recorded(history);
    INFO("seed " << seed << "\n" << describe(history));
    for (Cut cut = 0; cut <= history.now(); ++cut) {
      const auto all = engine_states(recording, {}, cut);
      const auto ordered = engine_states(recording, model_of(DeviceModel::kOrdered), cut);
      INFO("cut " << cut);
      REQUIRE((!all || includes(*all, *ordered)));
    }
  }
}

TEST_CASE("dropping a flush never removes a state", "[replay][property]") {
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    Random random(seed);
    const History with = random_history(random, {});
    const auto flush =
        std::find_if(with.events().begin(), with.events().end(),
                     [](const HistoryEvent& event) { return event.op == Op::kFlush; });
    if (flush == with.events().end()) {
      continue;
    }
    const auto few = engine_states(recorded(with), {}, with.now());
    const History without = with.without(flush->request);
    const auto many = engine_states(recorded(without), {}, without.now());
    INFO("seed " << seed << "\n" << describe(with));
    REQUIRE((!few || !many || includes(*many, *few)));
  }
}

// Whether the order of two neighbours says something: a write that completes before the
// other request is submitted.
bool orders(const HistoryEvent& first, const HistoryEvent& second) {
  return first.type == EventType::kComplete && second.type == EventType::kSubmit &&
         first.op != Op::kFlush;
}

TEST_CASE("two neighbours that order nothing can be swapped", "[replay][property]") {
  std::size_t swaps = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    const History history = random_history(random, {});
    INFO("seed " << seed << "\n" << describe(history));
    const auto before = engine_states(recorded(history), {}, history.now());
    for (std::size_t i = 0; before && i + 1 < history.events().size(); ++i) {
      History swapped = history;
      std::swap(swapped.events()[i], swapped.events()[i + 1]);
      const HistoryEvent& first = history.events()[i];
      const HistoryEvent& second = history.events()[i + 1];
      if (first.request == second.request || orders(first, second) ||
          orders(second, first)) {
        continue;
      }
      INFO("event " << i);
      REQUIRE(engine_states(recorded(swapped), {}, swapped.now()) == before);
      ++swaps;
    }
  }
  CHECK(swaps > 200);
}

TEST_CASE("the last cuts of the windows have the states of all cuts",
          "[replay][property]") {
  std::vector<CrashModel> models = {
      {}, {}, model_of(DeviceModel::kWriteThrough), model_of(DeviceModel::kOrdered)};
  models[1].atomic_bytes = 512;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed);
    const History history = random_history(random, {.writes = 5});
    const std::shared_ptr<const Recording> recording = recorded(history);
    const CrashModel& model = models[seed % models.size()];
    std::set<std::string> of_cuts;
    std::set<std::string> of_windows;
    for (Cut cut = 0; cut <= history.now(); ++cut) {
      of_cuts.merge(states_at(recording, model, cut));
    }
    for (const Window& window : list_windows(
             recording->timeline(), *durability(*recording, model), 0, history.now())) {
      of_windows.merge(states_at(recording, model, window.cut));
    }
    INFO("seed " << seed << "\n" << describe(history));
    REQUIRE(of_windows == of_cuts);
  }
}

TEST_CASE("each cut of a window has no state that its last cut lacks",
          "[replay][property]") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed);
    const History history = random_history(random, {});
    const std::shared_ptr<const Recording> recording = recorded(history);
    const std::vector<EventPos> ends = durability(*recording, {})->growth_points();
    std::optional<std::set<std::string>> later;
    INFO("seed " << seed << "\n" << describe(history));
    for (Cut cut = history.now() + 1; cut-- > 0;) {
      const auto states = engine_states(recording, {}, cut);
      const bool last = std::binary_search(ends.begin(), ends.end(), cut);
      INFO("cut " << cut);
      REQUIRE((last || !later || !states || includes(*later, *states)));
      later = states;
    }
  }
}

}  // namespace
}  // namespace powercut::test
