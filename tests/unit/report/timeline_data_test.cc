// SPDX-License-Identifier: GPL-2.0-only
//
// The numbers behind a picture: what made a write durable, and where it lies.

#include "report/timeline_data.h"

#include "replay/where.h"
#include "report/timeline_svg.h"
#include "report/timeline_text.h"
#include "tests/support/brute_force.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

TimelineData drawn(const History& history, const CrashModel& model = {},
                   const std::string& from = "start") {
  const std::shared_ptr<const Recording> recording = recorded(history);
  const Timeline& timeline = recording->timeline();
  return timeline_data(*recording, *durability(*recording, model),
                       value_or_throw(find_cut(timeline, from)), timeline.end());
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

TEST_CASE("a write names the flush that made it durable", "[timeline_data]") {
  History history(1, 16);
  history.write({0}, 'a');
  history.flush();
  history.write({1}, 'b');
  const Request late = history.submit({2}, 'c');
  history.flush();
  history.complete(late);
  const TimelineData data = drawn(history);
  REQUIRE(data.writes.size() == 3);
  REQUIRE(data.barriers.size() == 2);
  CHECK(data.writes[0].durable_by == 0);
  CHECK(data.writes[1].durable_by == 1);
  // It was in flight when the flush was sent.
  CHECK(data.writes[2].durable_by == kNoBarrier);
  CHECK(data.writes[2].durable == kNever);
  CHECK(data.barriers[0].made_durable == 1);
  CHECK(data.barriers[1].made_durable == 1);
  CHECK(data.barriers[1].number == 2);
  CHECK(data.writes[0].epoch == 0);
  CHECK(data.writes[1].epoch == 1);
}

TEST_CASE("a FUA write makes itself durable, and nothing else", "[timeline_data]") {
  History history(1, 16);
  history.write({0}, 'a');
  history.write({1}, 'b', true);
  const TimelineData data = drawn(history);
  REQUIRE(data.barriers.size() == 1);
  CHECK(data.barriers[0].fua);
  CHECK(data.barriers[0].made_durable == 1);
  CHECK(data.writes[0].durable == kNever);
  CHECK(data.writes[1].durable == data.writes[1].complete);
  CHECK(data.writes[1].durable_by == 0);
  CHECK(data.writes[1].kind == WriteKind::kFua);
}

TEST_CASE("a flush of one domain is no barrier for another", "[timeline_data]") {
  History history(2, 16);
  history.devices()[1].domain = 1;
  history.write({0, 1, 0}, 'a');
  history.write({0, 1, 1}, 'b');
  history.flush(0);
  const TimelineData data = drawn(history);
  CHECK(data.writes[0].durable_by == 0);
  CHECK(data.writes[1].durable == kNever);
  CHECK(data.barriers[0].made_durable == 1);
}

TEST_CASE("a fault of the model changes what is durable", "[timeline_data]") {
  History history(1, 16);
  history.write({0}, 'a');
  history.flush();
  CrashModel model;
  model.fault = {FaultModel::Kind::kIgnoreFlush, 1};
  const TimelineData data = drawn(history, model);
  CHECK(data.writes[0].durable == kNever);
  CHECK(data.barriers[0].made_durable == 0);
}

TEST_CASE("the pieces of a write that failed are one bar", "[timeline_data]") {
  History history(1, 16);
  const Request failed = history.submit({4, 3}, 'a');
  history.complete(failed, 5);
  const TimelineData data = drawn(history);
  REQUIRE(data.writes.size() == 1);
  CHECK(data.writes[0].offset_bytes == 4 * 512);
  CHECK(data.writes[0].length_bytes == 3 * 512);
  CHECK((data.writes[0].flags & kWriteFailed) != 0);
  CHECK(data.writes[0].durable == kNever);
}

TEST_CASE("what was over before the range is left out and counted", "[timeline_data]") {
  History history(1, 16);
  history.write({0}, 'a');
  const Request open = history.submit({1}, 'b');
  history.mark("here");
  history.write({2}, 'c');
  history.complete(open);
  const TimelineData data = drawn(history, {}, "mark:here");
  REQUIRE(data.writes.size() == 2);
  CHECK(data.left_out == 1);
  CHECK(data.writes[0].offset_bytes == 512);
  REQUIRE(data.marks.size() == 1);
  CHECK(data.marks[0].text == "here");
}

TEST_CASE("a scale folds what is not touched", "[space_scale]") {
  constexpr std::uint64_t kMiB = 1 << 20;
  const SpaceScale scale({{0, 4096}, {900 * kMiB, 901 * kMiB}});
  REQUIRE(scale.pieces().size() == 2);
  CHECK(scale.place(0) == 0);
  CHECK(scale.place(901 * kMiB) == 1);
  // The superblock can be seen, what is larger has more room.
  const SpacePiece& first = scale.pieces()[0];
  const SpacePiece& second = scale.pieces()[1];
  CHECK(first.to - first.from > 0.05);
  CHECK(second.to - second.from > first.to - first.from);
  CHECK(second.from > first.to);
  CHECK(scale.place(500 * kMiB) == second.from);
}

TEST_CASE("a scale has a bounded number of folds and grows", "[space_scale]") {
  ByteRanges ranges;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    ranges.emplace_back(i * i * 65536, i * i * 65536 + 512);
  }
  const SpaceScale scale(ranges);
  CHECK(scale.pieces().size() <= SpaceScale::kMaxPieces);
  double last = -1;
  for (const auto& [begin, end] : ranges) {
    CHECK(scale.place(begin) >= last);
    last = scale.place(begin);
  }
  CHECK(SpaceScale({}).place(7) == 1);
}

TEST_CASE("a discard of the whole device does not unfold it", "[timeline_data]") {
  History history(1, 1 << 20);
  history.discard({0, 1 << 20});
  history.write({0}, 'a');
  history.write({1 << 19}, 'b');
  CHECK(drawn(history).scales[0].pieces().size() == 2);
}

TEST_CASE("an empty range can be drawn", "[timeline_data]") {
  const TimelineData data = drawn(History(2, 16));
  CHECK(data.writes.empty());
  CHECK(count(timeline_svg(data, "empty", false), "<svg") == 1);
  CHECK_FALSE(timeline_text(data, {}).empty());
}

TEST_CASE("an SVG of very many writes is bounded and says so", "[timeline_svg]") {
  History history(1, 1 << 16);
  for (std::uint64_t i = 0; i < 3 * kMostBarsOfSvg; ++i) {
    history.write({(i * 7919) % (1 << 16)}, 'a');
  }
  const std::string svg = timeline_svg(drawn(history), "many", false);
  CHECK(count(svg, "<rect") < kMostBarsOfSvg + 100);
  CHECK(count(svg, "thinned out") == 1);
  CHECK(count(svg, "12000 write") >= 1);
}

TEST_CASE("an SVG of few writes has each, and is not thinned out", "[timeline_svg]") {
  History history(1, 16);
  history.write({0}, 'a');
  history.write({0}, 'b');
  const std::string svg = timeline_svg(drawn(history), "few", false);
  CHECK(count(svg, "fill=\"#2b6cb8\"") == 3);  // and the legend
  CHECK(count(svg, "thinned out") == 0);
}

TEST_CASE("a mark in an SVG is text and no markup", "[timeline_svg]") {
  History history(1, 16);
  history.write({0}, 'a');
  history.mark("</text><a x=\"&\x01\xff");
  const std::string svg = timeline_svg(drawn(history), "<script>", false);
  CHECK(count(svg, "</text><a") == 0);
  CHECK(count(svg, "&lt;/text&gt;&lt;a x=&quot;&amp;??") == 1);
  CHECK(count(svg, "<script>") == 0);
}

TEST_CASE("a mark cannot command the terminal", "[timeline_text]") {
  History history(1, 16);
  history.write({0}, 'a');
  history.mark("\x1b[2Jx");
  TextPlotOptions options;
  options.ascii = true;
  const std::string text = timeline_text(drawn(history), options);
  CHECK(count(text, "\x1b") == 0);
  CHECK(count(text, "?[2Jx") == 1);
  CHECK(std::all_of(text.begin(), text.end(),
                    [](char c) { return c == '\n' || (c >= ' ' && c < 0x7f); }));
}

TEST_CASE("a text plot keeps to its columns", "[timeline_text]") {
  History history(2, 16);
  for (std::uint64_t i = 0; i < 200; ++i) {
    history.write({i % 16}, 'a', i % 3 == 0);
    history.mark("mark " + std::to_string(i));
    if (i % 5 == 0) {
      history.flush();
    }
  }
  TextPlotOptions options;
  options.ascii = true;
  options.columns = 60;
  const std::string text = timeline_text(drawn(history), options);
  const std::string plot = text.substr(0, text.find("number"));
  std::size_t begin = 0;
  for (std::size_t end = plot.find('\n'); end != std::string::npos;
       begin = end + 1, end = plot.find('\n', begin)) {
    CHECK(end - begin <= 60);
  }
  CHECK(count(text, "F") > 0);
  CHECK(count(text, "|") > 0);
}

}  // namespace
}  // namespace powercut::test
