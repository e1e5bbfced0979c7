// SPDX-License-Identifier: GPL-2.0-only
//
// Owners of blocks of f2fs images that sload.f2fs filled: files found where their bytes
// are, and what dump.f2fs says, read back.

#include "checkers/f2fs_owners.h"

#include "base/image_source.h"
#include "base/random.h"
#include "checkers/f2fs_dump.h"
#include "checkers/f2fs_node.h"
#include "checkers/image_owners.h"
#include "tests/support/marked_files.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <map>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using test::run_program;

constexpr std::uint64_t kImageBytes = 128 << 20;
constexpr std::size_t kSectors = 20'000;  // more than the addresses of an inode
constexpr int kManyFiles = 250;

class F2fsImage : public test::Image {
 public:
  explicit F2fsImage(const std::vector<std::string>& arguments) : Image(kImageBytes) {
    const fs::path root = file("root");
    fs::create_directories(root / "a");
    fs::create_directories(root / "many");
    std::ofstream(root / "a" / "b") << test::marked_bytes("big", kSectors);
    std::ofstream(root / "odd\nname") << test::marked_bytes("odd", 16);
    for (int i = 0; i < kManyFiles; ++i) {
      std::ofstream(root / "many" / fmt::format("a name of some length {}", i))
          << test::marked_bytes("few", 16);
    }
    std::vector<std::string> argv = {"mkfs.f2fs", "-q"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    argv.push_back(path());
    run_program(argv);
    run_program({"sload.f2fs", "-f", root.string(), path()});
  }

  std::unique_ptr<const BlockOwners> owners() const {
    return value_or_throw(read_block_owners_of_image(path(), file("scratch")));
  }
};

TEST_CASE("a byte of a file on f2fs belongs to that file, and says where in it",
          "[checkers][f2fs_owners]") {
  const std::vector<std::vector<std::string>> kinds = {
      {}, {"-O", "extra_attr,inode_checksum"}};
  for (const std::vector<std::string>& kind : kinds) {
    INFO(fmt::format("{}", fmt::join(kind, " ")));
    const F2fsImage image(kind);
    const std::unique_ptr<const BlockOwners> owners = image.owners();
    CHECK(owners->notes().empty());
    const test::FoundMarks big = test::find_marks(image, *owners, "big", "file /a/b,");
    CHECK(big.wrong == "");
    CHECK(big.found == kSectors);
    const test::FoundMarks few = test::find_marks(image, *owners, "few", "file /many/");
    CHECK(few.wrong == "");
    CHECK(few.found == kManyFiles * 16);
    CHECK(test::find_marks(image, *owners, "odd", "file /odd\\x0aname,").wrong == "");
    std::map<std::string, std::uint64_t> bytes;
    std::uint64_t at = 0;
    for (const OwnedRange& owned : owners->owners_of({0, kImageBytes})) {
      REQUIRE(owned.range.begin == at);
      at = owned.range.end;
      bytes[owned.what] += owned.range.length();
    }
    CHECK(at == kImageBytes);
    CHECK(owners->owner_of({1024, 1536}) == "superblock 0");
    CHECK(bytes["checkpoint pack 0"] == 2 << 20);
    CHECK(bytes["node address table (NAT)"] >= 2 << 20);
    CHECK(bytes["directory /many"] >= 4096);
    CHECK(bytes["inode of file /a/b"] == 4096);
    CHECK(bytes["block map of file /a/b"] >= 2 * 4096);
    CHECK(bytes["free in the last checkpoint"] > 1 << 20);
    CHECK(bytes.count("in use, but nothing readable leads to it") == 0);
  }
}

TEST_CASE("noise in an f2fs and in what is told of it is no crash",
          "[checkers][f2fs_owners]") {
  const F2fsImage image({});
  const fs::path scratch = image.file("scratch");
  const std::string output = run_program(
      {"sh", "-c", "cd \"$0\" && dump.f2fs -d 1 -n 0~-1 -s 0~-1 \"$1\" </dev/null",
       scratch.string(), image.path()});
  const auto content = [&](const char* name) {
    std::ifstream in(scratch / name);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::string nodes = content("dump_nat");
  const std::string segments = content("dump_sit");
  const std::vector<F2fsNodePlace> places = parse_f2fs_nodes(nodes);
  REQUIRE(places.size() > kManyFiles);
  Random random(9);
  for (int round = 0; round < 30; ++round) {
    const std::uint64_t at =
        places[random.below(places.size())].block * 4096 + random.below(4000);
    const std::string before = image.read(at, 64);
    std::string noise(64, '\0');
    for (char& byte : noise) {
      byte = static_cast<char>(random.below(256));
    }
    image.write(at, noise);
    const auto disk = value_or_throw(ImageSource::open(image.path()));
    const auto owners =
        f2fs_owners(*disk, output, nodes.substr(0, random.below(2 * nodes.size())),
                    segments.substr(0, random.below(2 * segments.size())));
    std::uint64_t end = 0;
    for (const OwnedRange& owned : owners->owners_of({0, kImageBytes})) {
      REQUIRE(owned.range.begin == end);
      end = owned.range.end;
    }
    REQUIRE(end == kImageBytes);
    image.write(at, before);
  }
  const auto disk = value_or_throw(ImageSource::open(image.path()));
  CHECK(f2fs_owners(*disk, "", nodes, segments)->owner_of({0, 512}) ==
        "not known: dump.f2fs tells no superblock that makes sense");
  CHECK_FALSE(f2fs_owners(*disk, output, "", "")->notes().empty());
}

TEST_CASE("what dump.f2fs prints is read as areas, nodes and blocks in use",
          "[checkers][f2fs_owners]") {
  const std::vector<F2fsNodePlace> nodes = parse_f2fs_nodes(
      "nid:    3\tino:    3\toffset:    0\tblkaddr:      4096\tpack:1\n"
      "nid:    8\tino:    5\toffset:    1\tblkaddr:      8192\tpack:1\n"
      "nid:    9\tino:  99999999999\toffset: 0\tblkaddr: 1\tpack:1\nnid: ");
  REQUIRE(nodes.size() == 2);
  CHECK(nodes[1].node == 8);
  CHECK(nodes[1].inode == 5);
  CHECK(nodes[1].block == 8192);
  F2fsLayout layout;
  layout.segment_blocks = 512;
  layout.main = 4096;
  layout.main_end = 4096 + 1024;
  const std::vector<F2fsRun> used = parse_f2fs_used(
      "segment_type(0:HD)\n\nsegno:       0\tvblocks:  1\tseg_type:3\n\n"
      "  80  00  03  80\n\nsegno:  1\tvblocks: 0\n\n\nsegno: 7\tvblocks: 1\n  ff\n",
      layout);
  REQUIRE(used.size() == 2);
  CHECK(used[0].begin == 4096);
  CHECK(used[0].end == 4097);
  CHECK(used[1].begin == 4096 + 22);
  CHECK(used[1].end == 4096 + 25);
  CHECK_FALSE(parse_f2fs_layout("magic \t\t[0xf2f52010 : 4076150800]\n"));
}

TEST_CASE("nodes of an f2fs file follow each other as they are numbered",
          "[checkers][f2fs_owners]") {
  CHECK(f2fs_first_block(0, 923) == 0U);
  CHECK(f2fs_first_block(1, 923) == 923U);
  CHECK(f2fs_first_block(2, 923) == 923U + 1018);
  CHECK_FALSE(f2fs_first_block(3, 923));
  CHECK(f2fs_first_block(4, 923) == 923U + 2 * 1018);
  CHECK(f2fs_first_block(1021, 923) == 923U + 1019 * 1018);
  CHECK_FALSE(f2fs_first_block(1022, 923));
  CHECK(f2fs_first_block(1023, 923) == 923U + 1020 * 1018);
  CHECK_FALSE(f2fs_first_block(2041, 923));
  CHECK_FALSE(f2fs_first_block(2042, 923));
  CHECK(f2fs_first_block(2043, 923) == 923U + 2038 * 1018);
  CHECK_FALSE(f2fs_first_block(f2fs::kAttributeNode, 923));
}

}  // namespace
}  // namespace powercut
