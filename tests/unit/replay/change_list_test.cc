// SPDX-License-Identifier: GPL-2.0-only
//
// Lists of changed blocks: what is in them, and that a broken one is refused with its
// line. The XML is what era_invalidate and thin_delta of thin-provisioning-tools 0.9.0
// printed, the JSON that of test 223 of QEMU's own suite; long lines are broken.

#include "replay/change_list.h"

#include "base/random.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <limits>

namespace powercut {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kBlock = 65536;  // of the trackers here

Result<ChangeList> parse(ChangeListFormat format, std::string_view text,
                         std::uint64_t device_bytes = 8 * kMiB,
                         std::uint64_t granularity_bytes = 0) {
  return parse_change_list(format, text, {"list", device_bytes, granularity_bytes});
}

std::vector<ByteRange> ranges_of(const Result<ChangeList>& list) {
  INFO((list ? "" : list.error().message));
  REQUIRE(list.has_value());
  return {list->ranges.ranges().begin(), list->ranges.ranges().end()};
}

// A broken list, and what the message must begin with behind the file's name.
struct Broken {
  std::string text;
  std::string message;
};

void check_broken(ChangeListFormat format, const std::vector<Broken>& lists,
                  std::uint64_t granularity_bytes = 0) {
  for (const Broken& broken : lists) {
    INFO(broken.text);
    const Result<ChangeList> list =
        parse(format, broken.text, 8 * kMiB, granularity_bytes);
    REQUIRE_FALSE(list.has_value());
    CHECK(list.error().kind == ErrorKind::kBadInput);
    CHECK_THAT(list.error().message, Catch::StartsWith("list:" + broken.message));
    CHECK_FALSE(list.error().hint.empty());
  }
}

using Ranges = std::vector<ByteRange>;

TEST_CASE("plain ranges are bytes, with units and comments", "[replay][change_list]") {
  CHECK(ranges_of(parse(ChangeListFormat::kRanges,
                        "# a tracker\n\n0 4096\n  64K\t4K # second\r\n1M 1M")) ==
        Ranges{{0, 4096}, {65536, 69632}, {kMiB, 2 * kMiB}});
  CHECK(ranges_of(parse(ChangeListFormat::kRanges, "")).empty());
  CHECK(ranges_of(parse(ChangeListFormat::kRanges, "8388096 512\n")) ==
        Ranges{{8 * kMiB - 512, 8 * kMiB}});
}

TEST_CASE("a broken line of plain ranges is named", "[replay][change_list]") {
  check_broken(
      ChangeListFormat::kRanges,
      {{"0 512\n512\n", "2: 1 words, not two"},
       {"0 512 1\n", "1: 3 words"},
       {"# x\n\n0 -512\n", "3: '-512' is no size"},
       {"0x10 512\n", "1: '0x10' is no size"},
       {"0,512\n", "1: 1 words"},
       {"0 0\n", "1: a range of nothing"},
       {"8388608 1\n", "1: the range 8388608+1 (bytes) reaches beyond the end"},
       {"0 8388609\n", "1: the range 0+8388609 (bytes) reaches beyond the end"},
       {"1 18446744073709551615\n", "1: the range 1+18446744073709551615 (bytes)"},
       {"18446744073709551615 1\n", "1: the range 18446744073709551615+1 (bytes)"},
       {"99999999999999999999 1\n", "1: '99999999999999999999' is no size"},
       {std::string("0 \0 512\n", 8), "1: 3 words"}});
}

TEST_CASE("ranges are held against a granularity that is given",
          "[replay][change_list]") {
  // The device ends in the middle of a block: the last one may be told short or whole.
  const std::uint64_t size = 8 * kMiB - 4096;
  for (const char* text : {"8323072 61440\n", "8323072 64K\n"}) {
    CHECK(ranges_of(parse(ChangeListFormat::kRanges, text, size, 65536)) ==
          Ranges{{8323072, size}});
  }
  CHECK_FALSE(parse(ChangeListFormat::kRanges, "8388608 64K\n", size, 65536));
  CHECK_FALSE(parse(ChangeListFormat::kRanges, "8323072 128K\n", size, 65536));
  check_broken(ChangeListFormat::kRanges,
               {{"0 4096\n", "1: the range 0+4096 is not made of whole blocks"},
                {"4096 64K\n", "1: the range 4096+65536 is not made"}},
               65536);
  for (const std::uint64_t bad : {std::uint64_t{100}, std::uint64_t{1} << 63}) {
    const Result<ChangeList> list = parse(ChangeListFormat::kRanges, "", size, bad);
    REQUIRE_FALSE(list.has_value());
    CHECK(list.error().kind == ErrorKind::kUsage);
  }
}

TEST_CASE("an era list is blocks, and the end of a range is not in it",
          "[replay][change_list]") {
  const std::string list =
      "<blocks>\n  <range begin=\"5\" end = \"7\"/>\n  <block block=\"50\"/>\n"
      "  <block block=\"99\"/>\n</blocks>\n";
  CHECK(ranges_of(parse(ChangeListFormat::kEra, list, 100 * kBlock, 65536)) ==
        Ranges{{5 * kBlock, 7 * kBlock},
               {50 * kBlock, 51 * kBlock},
               {99 * kBlock, 6553600}});
  CHECK(ranges_of(parse(ChangeListFormat::kEra, "<blocks>\n</blocks>\n", kMiB, 65536))
            .empty());
  // The last block of a device that is no multiple of blocks.
  CHECK(ranges_of(parse(ChangeListFormat::kEra, list, 99 * kBlock + 512, 65536)).back() ==
        ByteRange{99 * kBlock, 99 * kBlock + 512});
  CHECK_FALSE(parse(ChangeListFormat::kEra, list, 99 * kBlock, 65536));
  const Result<ChangeList> no_size = parse(ChangeListFormat::kEra, list);
  REQUIRE_FALSE(no_size.has_value());
  CHECK(no_size.error().kind == ErrorKind::kUsage);
}

TEST_CASE("a broken era list is named with its line", "[replay][change_list]") {
  check_broken(
      ChangeListFormat::kEra,
      {{"", "1: nothing is there"},
       {"\n\n", "1: nothing is there"},
       {"<superblock/>", "1: <superblock> is the first tag"},
       {"</blocks>", "1: </blocks> closes nothing"},
       {"0 4096\n", "1: '0 4096' is no tag"},
       {"<blocks>\n <block block=\"1\"/>\n", "3: <blocks> is not closed"},
       {"<blocks>\n <block block=\"1\"\n", "2: the tag block does not end"},
       {"<blocks>\n <block block=\"1\">\n</blocks>", "2: <block> is not known"},
       {"<blocks>\n <block block=1/>", "2: the attribute block of block has no value"},
       {"<blocks>\n <block block=\"1/>", "2: the attribute block of block has no value"},
       {"<blocks>\n <block block/>", "2: the attribute block of block has no value"},
       {"<blocks>\n <block block=\"-1\"/></blocks>", "2: block=\"-1\" of <block>"},
       {"<blocks>\n <block block=\"1\" block=\"2\"/></blocks>", "2: block has the"},
       {"<blocks>\n <block/></blocks>", "2: <block> without block"},
       {"<blocks>\n <range begin=\"1\"/></blocks>", "2: <range> without end"},
       {"<blocks>\n\n <range begin=\"2\" end=\"2\"/></blocks>", "3: a range from block"},
       {"<blocks>\n <range begin=\"3\" end=\"2\"/></blocks>", "2: a range from block"},
       {"<blocks>\n <range begin=\"127\" end=\"129\"/></blocks>",
        "2: the range 127+2 (blocks)"},
       {"<blocks>\n <block block=\"281474976710656\"/></blocks>",
        "2: the range 281474976710656+1"},
       {"<blocks>\n <block block=\"18446744073709551615\"/></blocks>",
        "2: the range 18446744073709551615+1"},
       {"<blocks>\n <era block=\"1\"/></blocks>", "2: <era> is not known in <blocks>"},
       {"<blocks>\n</range></blocks>", "2: </range> closes nothing"},
       {"<blocks/>\n<blocks/>", "2: <blocks> behind the end"},
       {"<blocks>\n</blocks>\n.", "3: '.' is no tag"},
       {"<blocks>\n<!-- x --></blocks>", "2: no name of a tag"},
       {"<blocks>\n< ></blocks>", "2: no name of a tag"},
       {"<blocks>\n<a><a><a><a><a><a><a><a>", "2: <a> is not known"},
       {"<blocks>\ntext</blocks>", "2: 'text</blocks>' is no tag"}},
      65536);
}

const std::string kThinDelta =
    R"(<superblock uuid="" time="1" transaction="2" data_block_size="128"
            nr_data_blocks="1024">
  <diff left="1" right="2">
    <same begin="0" length="4"/>
    <different begin="4" length="2"/>
    <same begin="6" length="1"/>
    <left_only begin="7" length="2"/>
    <same begin="9" length="1"/>
    <right_only begin="40" length="1"/>
  </diff>
</superblock>
)";

const std::string kThinDeltaVerbose =
    R"(<superblock uuid="" time="1" transaction="2" data_block_size="128"
            nr_data_blocks="1024">
  <diff left="1" right="2">
    <same>
      <range begin="0" data_begin="0" length="4"/>
    </same>
    <different>
      <range begin="4" left_data_begin="4" right_data_begin="20" length="2"/>
    </different>
    <left_only>
      <range begin="7" data_begin="7" length="2"/>
    </left_only>
    <right_only>
      <range begin="40" data_begin="41" length="1"/>
    </right_only>
  </diff>
</superblock>
)";

TEST_CASE("a thin delta is what differs and what one side has alone",
          "[replay][change_list]") {
  const Ranges expected{
      {4 * kBlock, 6 * kBlock}, {7 * kBlock, 9 * kBlock}, {40 * kBlock, 41 * kBlock}};
  for (const std::string& text : {kThinDelta, kThinDeltaVerbose}) {
    const Result<ChangeList> list = parse(ChangeListFormat::kThinDelta, text);
    CHECK(ranges_of(list) == expected);
    CHECK(list->granularity_bytes == 65536);
    CHECK(parse(ChangeListFormat::kThinDelta, text, 8 * kMiB, 65536).has_value());
    const Result<ChangeList> other =
        parse(ChangeListFormat::kThinDelta, text, 8 * kMiB, 4096);
    REQUIRE_FALSE(other.has_value());
    CHECK(other.error().kind == ErrorKind::kUsage);
    CHECK_FALSE(parse(ChangeListFormat::kThinDelta, text, 40 * kBlock));
  }
}

std::string thin(const std::string& inside) {
  return "<superblock data_block_size=\"128\">\n<diff>\n" + inside +
         "\n</diff>\n</superblock>\n";
}

TEST_CASE("a broken thin delta is named with its line", "[replay][change_list]") {
  check_broken(
      ChangeListFormat::kThinDelta,
      {{"", "1: nothing is there"},
       {"<blocks>\n</blocks>", "1: <blocks> is the first tag"},
       {"<superblock>\n</superblock>", "1: <superblock> without data_block_size"},
       {"<superblock data_block_size=\"0\"/>", "1: data_block_size=\"0\" is no size"},
       {"<superblock data_block_size=\"36028797018963968\"/>", "1: data_block_size="},
       {"<superblock data_block_size=\"128\">\n</superblock>\n",
        "3: the end of the list"},
       {"<superblock data_block_size=\"128\">\n<device dev_id=\"1\">",
        "2: <device> is not known in <superblock>"},
       {"<superblock data_block_size=\"128\">\n<diff/>\n<diff/></superblock>",
        "3: a second <diff>"},
       {thin(R"(<changed begin="0" length="1"/>)"), "3: <changed> is not known in"},
       {thin("<different length=\"1\"/>"), "3: <different> without begin"},
       {thin("<different begin=\"1\"/>"), "3: <different> without length"},
       {thin(R"(<different begin="x" length="1"/>)"), "3: begin=\"x\" of"},
       {thin(R"(<different begin="1" length="0"/>)"), "3: a range of nothing"},
       {thin("<different begin=\"1\" length=\"1\">\n</different>"), "3: <different> is"},
       {thin(R"(<different begin="127" length="2"/>)"), "3: the range 127+2 (blocks)"},
       {thin(R"(<same begin="0" length="129"/>)"), "3: the range 0+129 (blocks)"},
       {thin("<same>\n<range begin=\"0\"/>\n</same>"), "4: <range> without length"},
       {thin("<same>\n<same begin=\"0\" length=\"1\"/></same>"), "4: <same> is not"},
       {thin(R"(<range begin="0" length="1"/>)"), "3: <range> is not known in <diff>"},
       {thin("</same>"), "3: </same> closes nothing"}});
}

// Test 223 of QEMU 6.0: a bitmap of 64 KiB, written 512 bytes at 512 and 2 MiB at 2 MiB.
const std::string kQemuMap =
    R"([{ "start": 0, "length": 65536, "depth": 0, "zero": false, "data": false},
{ "start": 65536, "length": 2031616, "depth": 0, "zero": false, "data": true,
  "offset": 327680},
{ "start": 2097152, "length": 2097152, "depth": 0, "zero": false, "data": false}]
)";

TEST_CASE("in the map of a dirty bitmap no data is dirty", "[replay][change_list]") {
  const Ranges expected{{0, 65536}, {2 * kMiB, 4 * kMiB}};
  CHECK(ranges_of(parse(ChangeListFormat::kQemuBitmap, kQemuMap, 4 * kMiB)) == expected);
  CHECK(ranges_of(parse(ChangeListFormat::kQemuBitmap, kQemuMap, 4 * kMiB, 65536)) ==
        expected);
  CHECK(ranges_of(parse(ChangeListFormat::kQemuBitmap,
                        R"([{"start": 0, "length": 4194304, "data": true}])"))
            .empty());
}

TEST_CASE("a list of dirty pairs is bytes", "[replay][change_list]") {
  const std::string text =
      "{\"granularity\": 65536,\n \"dirty\": [[0, 65536],\n [2097152, 131072]]}\n";
  const Result<ChangeList> list = parse(ChangeListFormat::kQemuBitmap, text);
  CHECK(ranges_of(list) == Ranges{{0, 65536}, {2 * kMiB, 2 * kMiB + 131072}});
  CHECK(list->granularity_bytes == 65536);
  CHECK(ranges_of(parse(ChangeListFormat::kQemuBitmap, "{\"dirty\": []}")).empty());
  const Result<ChangeList> other =
      parse(ChangeListFormat::kQemuBitmap, text, 8 * kMiB, 4096);
  REQUIRE_FALSE(other.has_value());
  CHECK(other.error().kind == ErrorKind::kUsage);
}

TEST_CASE("a broken map of a bitmap is named with its line", "[replay][change_list]") {
  const std::string good = "[{\"start\": 0, \"length\": 512, \"data\": true},\n";
  check_broken(
      ChangeListFormat::kQemuBitmap,
      {{"", "1: up to here this is no JSON"},
       {"[\n", "2: up to here"},
       {good + "x]", "2: up to here"},
       {kQemuMap + "]", "5: up to here"},
       {"5", "1: this is no map"},
       {"[]", "1: this is no map"},
       {"{}", "1: an object of something else"},
       {"{\"dirty\": 1}", "1: an object of something else"},
       {R"({"dirty": [], "clean": []})", "1: an object of something else"},
       {good + "[1]]", "2: an extent that is no object"},
       {good + R"({"length": 512, "data": true}])", "2: an extent without \"start\""},
       {good + R"({"start": 512, "data": true}])", "2: an extent without \"length\""},
       {good + R"({"start": 512, "length": 512}])", "2: an extent without \"data\""},
       {good + R"({"start": -1, "length": 512, "data": true}])", "2: \"start\" is no"},
       {good + R"({"start": 512, "length": 1.5, "data": true}])", "2: \"length\" is"},
       {good + R"({"start": 512, "length": 512, "data": 0}])", "2: \"data\" is"},
       {good + R"({"start": 511, "length": 512, "data": true}])", "2: an extent from"},
       {good + R"({"start": 512, "length": 0, "data": false}])", "2: a range of nothi"},
       {good + "\n{\"start\": 512, \"length\": 8388608, \"data\": false}]",
        "3: the range 512+8388608 (bytes) reaches beyond"},
       {good + R"({"start": 512, "length": 8388608, "data": true}])",
        "2: the range 512+8388608 (bytes) reaches beyond"},
       {good + R"({"start": 512, "length": 512, "zero": true, "data": false}])",
        "2: an extent with \"zero\": true"},
       {R"({"granularity": 0, "dirty": []})", "1: a granularity of 0"},
       {R"({"granularity": "x", "dirty": []})", "1: \"granularity\" is no number"},
       {"{\"dirty\": [[0, 512],\n [1]]}", "2: a range that is no pair"},
       {"{\"dirty\": [[0, 512],\n\n [\"a\", 1]]}", "3: a start is no number"},
       {"{\"dirty\":\n [[0, 8388609]]}", "2: the range 0+8388609 (bytes) reaches beyond"},
       {R"({"granularity": 65536, "dirty": [[0, 512]]})", "1: the range 0+512 is not"}});
  CHECK_FALSE(parse(ChangeListFormat::kQemuBitmap, std::string(100000, '[')));
}

TEST_CASE("a list cut or changed anywhere is read or refused, and stays on the device",
          "[replay][change_list]") {
  const std::vector<std::pair<ChangeListFormat, std::string>> lists = {
      {ChangeListFormat::kRanges, "# x\n0 4K\n64K 1M\n"},
      {ChangeListFormat::kEra,
       "<blocks>\n <range begin=\"5\" end = \"7\"/>\n <block block=\"9\"/>\n</blocks>\n"},
      {ChangeListFormat::kThinDelta, kThinDelta},
      {ChangeListFormat::kThinDelta, kThinDeltaVerbose},
      {ChangeListFormat::kQemuBitmap, kQemuMap}};
  std::size_t refused = 0;
  for (const std::pair<ChangeListFormat, std::string>& list : lists) {
    const std::uint64_t granularity = list.first == ChangeListFormat::kEra ? 65536 : 0;
    for (std::uint64_t seed = 0; seed < 4000; ++seed) {
      Random random(seed);
      std::string text = list.second;
      if (random.below(4) == 0) {
        text.resize(random.below(text.size()));
      }
      for (std::uint64_t i = random.below(4); i > 0 && !text.empty(); --i) {
        text[random.below(text.size())] = static_cast<char>(random.below(256));
      }
      const Result<ChangeList> read = parse(list.first, text, 8 * kMiB, granularity);
      if (!read) {
        ++refused;
        REQUIRE_FALSE(read.error().hint.empty());
      } else if (!read->ranges.empty()) {
        REQUIRE(read->ranges.ranges().back().end <= 8 * kMiB);
      }
    }
  }
  CHECK(refused > 5000);
}

TEST_CASE("the formats have names", "[replay][change_list]") {
  CHECK(value_or_throw(parse_change_list_format("thin-delta")) ==
        ChangeListFormat::kThinDelta);
  CHECK(parse_change_list_format("xml").error().kind == ErrorKind::kUsage);
}

}  // namespace
}  // namespace powercut
