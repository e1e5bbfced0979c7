// SPDX-License-Identifier: GPL-2.0-only
//
// Owners of blocks of btrfs images: what dump-tree prints, read back; and files found
// where their bytes are.

#include "checkers/btrfs_owners.h"

#include "base/random.h"
#include "checkers/btrfs_chunks.h"
#include "checkers/btrfs_dump.h"
#include "checkers/image_owners.h"
#include "tests/support/marked_files.h"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <fstream>
#include <map>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using test::run_program;

constexpr std::uint64_t kImageBytes = 128 << 20;
constexpr std::size_t kSectors = 600;

class BtrfsImage : public test::Image {
 public:
  explicit BtrfsImage(const std::vector<std::string>& arguments) : Image(kImageBytes) {
    const fs::path root = file("root");
    fs::create_directories(root / "a");
    fs::create_directories(root / "many");
    std::ofstream(root / "a" / "b") << test::marked_bytes("big", kSectors);
    std::ofstream(root / "odd\n\titem 1 key (257 x") << test::marked_bytes("odd", 16);
    std::ofstream(root / "tiny") << "tiny";
    fs::create_symlink("a/b", root / "link");
    for (int i = 0; i < 200; ++i) {
      std::ofstream(root / "many" / std::to_string(i)) << test::marked_bytes("few", 16);
    }
    std::vector<std::string> argv = {"mkfs.btrfs", "-q", "--rootdir", root.string()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    argv.push_back(path());
    run_program(argv);
  }

  std::unique_ptr<const BlockOwners> owners() const {
    return value_or_throw(read_block_owners_of_image(path(), file("scratch")));
  }
};

const std::vector<std::vector<std::string>>& kinds() {
  static const std::vector<std::vector<std::string>> listed = {
      {"-m", "single"}, {"-m", "dup"}, {"-M"}, {"-n", "4096"}};
  return listed;
}

TEST_CASE("a byte of a file on btrfs belongs to that file, and says where in it",
          "[checkers][btrfs_owners]") {
  for (const std::vector<std::string>& kind : kinds()) {
    INFO(fmt::format("{}", fmt::join(kind, " ")));
    const BtrfsImage image(kind);
    const std::unique_ptr<const BlockOwners> owners = image.owners();
    CHECK(owners->notes().empty());
    const test::FoundMarks big = test::find_marks(image, *owners, "big", "file /a/b,");
    CHECK(big.wrong == "");
    CHECK(big.found == kSectors);
    const test::FoundMarks few = test::find_marks(image, *owners, "few", "file /many/");
    CHECK(few.wrong == "");
    CHECK(few.found == 200 * 16);
    const test::FoundMarks odd = test::find_marks(
        image, *owners, "odd", "file /odd\\x0a\\x09item\\x201\\x20key\\x20(257\\x20x,");
    CHECK(odd.wrong == "");
    CHECK(odd.found == 16);
  }
}

TEST_CASE("every byte of btrfs has an owner: superblocks, trees, what is free",
          "[checkers][btrfs_owners]") {
  for (const std::vector<std::string>& kind : kinds()) {
    INFO(fmt::format("{}", fmt::join(kind, " ")));
    const BtrfsImage image(kind);
    const std::unique_ptr<const BlockOwners> owners = image.owners();
    std::map<std::string, std::uint64_t> bytes;
    std::uint64_t at = 0;
    for (const OwnedRange& owned : owners->owners_of({0, kImageBytes})) {
      REQUIRE(owned.range.begin == at);
      at = owned.range.end;
      const bool free = owned.what.starts_with("free in generation ");
      bytes[free ? "free" : owned.what] += owned.range.length();
    }
    CHECK(at == kImageBytes);
    CHECK(owners->owner_of({65536, 65536 + 4096}) == "superblock 0");
    CHECK(owners->owner_of({64 << 20, (64 << 20) + 512}) == "superblock 1");
    CHECK(bytes["superblock 1"] == 4096);
    CHECK(bytes["free"] > 1 << 20);
    for (const char* const tree : {"root", "chunk", "device", "uuid"}) {
      CHECK(bytes[fmt::format("tree block of the {} tree (level 0)", tree)] >= 4096);
    }
    CHECK(bytes["tree block of the fs tree (level 1)"] >= 4096);
    CHECK(bytes.count("in use, but nothing readable leads to it") == 0);
    CHECK(owners->owner_of({0, 4096}) == "in no chunk");
  }
}

TEST_CASE("noise and cuts in what btrfs prints name nothing wrong",
          "[checkers][btrfs_owners]") {
  const BtrfsImage image({"-m", "single"});
  const std::string superblock =
      run_program({"btrfs", "inspect-internal", "dump-super", image.path()});
  const std::string trees =
      run_program({"btrfs", "inspect-internal", "dump-tree", "--noscan", image.path()});
  const std::unique_ptr<const BlockOwners> whole =
      btrfs_owners(superblock, trees, kImageBytes);
  CHECK(btrfs_owners("", trees, kImageBytes)->owner_of({0, 512}) ==
        "not known: btrfs tells no superblock that makes sense");
  CHECK_FALSE(btrfs_owners(superblock, "", kImageBytes)->notes().empty());
  Random random(3);
  for (int round = 0; round < 40; ++round) {
    std::string changed = trees.substr(0, random.below(trees.size()));
    const bool noise = round % 2 == 1;
    for (int i = 0; noise && i < 200 && !changed.empty(); ++i) {
      changed[random.below(changed.size())] = static_cast<char>(random.below(256));
    }
    std::uint64_t at = 0;
    const auto owners = btrfs_owners(superblock, changed, kImageBytes);
    for (const OwnedRange& owned : owners->owners_of({0, kImageBytes})) {
      REQUIRE(owned.range.begin == at);
      at = owned.range.end;
      if (!noise && owned.byte_in_file &&
          owned.what.find("without") == std::string::npos) {
        REQUIRE(whole->owner_of(owned.range) == owned.text());
      }
    }
    REQUIRE(at == kImageBytes);
  }
}

// Of btrfs-progs 6.2, shortened: a subvolume, and a file that was synced into its log.
constexpr std::string_view kLogged =
    "btrfs-progs v6.2\n"
    "root tree\n"
    "leaf 30785536 items 17 free space 11597 generation 8 owner ROOT_TREE\n"
    "leaf 30785536 flags 0x1(WRITTEN) backref revision 1\n"
    "\titem 13 key (256 ROOT_BACKREF 5) itemoff 12922 itemsize 20\n"
    "\t\troot backref key dirid 256 sequence 2 name sv\n"
    "fs tree key (FS_TREE ROOT_ITEM 0) \n"
    "leaf 30818304 items 9 free space 15277 generation 8 owner FS_TREE\n"
    "\titem 0 key (256 DIR_ITEM 2378154706) itemoff 16200 itemsize 40\n"
    "\t\tlocation key (257 INODE_ITEM 0) type FILE\n"
    "\t\ttransid 7 data_len 0 name_len 27\n"
    "\t\tname: \n\titem 1 key (257 INODE_REF\n"
    "\titem 1 key (257 EXTENT_DATA 8192) itemoff 15623 itemsize 53\n"
    "\t\tgeneration 10 type 1 (regular)\n"
    "\t\textent data disk byte 63963136 nr 4096\n"
    "\t\textent data offset 0 nr 102400 ram 102400\n"
    "\t\textent compression 3 (zstd)\n"
    "\titem 2 key (257 EXTENT_DATA 110592) itemoff 15570 itemsize 53\n"
    "\t\tgeneration 10 type 1 (regular)\n"
    "\t\textent data disk byte 0 nr 0\n"
    "\t\textent data offset 0 nr 4096 ram 4096\n"
    "\t\textent compression 0 (none)\n"
    "\titem 4 key (257 EXTENT_DATA 0) itemoff 15570 itemsize 53\n"
    "log tree key (TREE_LOG ROOT_ITEM 256) \n"
    "leaf 30916608 items 4 free space 15763 generation 9 owner TREE_LOG\n"
    "\titem 0 key (259 INODE_ITEM 0) itemoff 16123 itemsize 160\n"
    "\t\tgeneration 9 transid 9 size 200000 nbytes 7382249936958551238\n"
    "\t\tblock group 0 mode 100644 links 1 uid 0 gid 0 rdev 0\n"
    "\titem 1 key (259 INODE_REF 256) itemoff 16112 itemsize 11\n"
    "\t\tindex 3 namelen 1 name: z\n"
    "\titem 2 key (259 EXTENT_DATA 0) itemoff 16059 itemsize 53\n"
    "\t\tgeneration 9 type 1 (regular)\n"
    "\t\textent data disk byte 14032896 nr 200704\n"
    "\t\textent data offset 4096 nr 196608 ram 200704\n"
    "\t\textent compression 0 (none)\n";

TEST_CASE("what dump-tree prints is read item by item, names by their length",
          "[checkers][btrfs_owners]") {
  const BtrfsDump dump = parse_btrfs_dump(kLogged);
  REQUIRE(dump.blocks.size() == 3);
  CHECK(dump.blocks[2].owner == "TREE_LOG");
  CHECK(dump.blocks[2].logical == 30916608);
  REQUIRE(dump.extents.size() == 2);  // a hole is none
  CHECK(dump.extents[0].compressed);
  CHECK(dump.extents[0].in_file == 8192);
  CHECK(dump.extents[1].inode == InodeNames::Inode{256, 259});
  CHECK(dump.extents[1].offset == 4096);
  CHECK(dump.extents[1].length == 196608);
  CHECK(dump.names.text_of({256, 259}, dump.modes.at({256, 259})) == "file /sv/z");
  CHECK(dump.unread == 1);  // item 4 does not follow item 2
}

TEST_CASE("striped and copied chunks are told of their device",
          "[checkers][btrfs_owners]") {
  const auto chunk = [](const char* type, std::uint64_t sub_stripes,
                        std::vector<BtrfsChunk::Stripe> stripes) {
    return BtrfsChunk{1 << 20, 1 << 20, 65536, sub_stripes, type, std::move(stripes)};
  };
  const auto places = [](const BtrfsChunk& one, std::uint64_t device) {
    std::string text;
    for (const auto& place : BtrfsChunks({one}, device).places(1 << 20, 3 * 65536 + 10)) {
      text += fmt::format("{}+{}@{} ", place.range.begin, place.range.length(),
                          place.logical - (1 << 20));
    }
    return text;
  };
  CHECK(places(chunk("DATA|DUP", 1, {{1, 0}, {1, 10'000'000}}), 1) ==
        "0+196618@0 10000000+196618@0 ");
  CHECK(places(chunk("METADATA|RAID1", 1, {{1, 0}, {2, 500}}), 2) == "500+196618@0 ");
  CHECK(places(chunk("DATA|RAID0", 1, {{1, 0}, {2, 1000}}), 2) ==
        "1000+65536@65536 66536+10@196608 ");
  CHECK(places(chunk("DATA|RAID10", 2, {{1, 0}, {2, 0}, {3, 0}, {4, 0}}), 4) ==
        "0+65536@65536 65536+10@196608 ");
  CHECK(places(chunk("DATA|RAID5", 1, {{1, 0}, {2, 0}, {3, 0}}), 1).empty());
  CHECK(BtrfsChunks({chunk("DATA|RAID6", 1, {{1, 0}})}, 1).has_unknown());
  CHECK(places(chunk("DATA|RAID0", 1, {{1, ~std::uint64_t{0}}}), 1).empty());
}

}  // namespace
}  // namespace powercut
