// SPDX-License-Identifier: GPL-2.0-only
//
// Owners of blocks of images that mke2fs -d and debugfs made, against what debugfs and
// dumpe2fs say of them.

#include "checkers/block_owner.h"

#include "base/image_source.h"
#include "base/random.h"
#include "tests/support/image_subject.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <fstream>
#include <sstream>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using test::Image;
using test::run_program;

class OwnedImage : public Image {
 public:
  explicit OwnedImage(const std::vector<std::string>& arguments) : Image(24 << 20) {
    const fs::path root = file("root");
    fs::create_directories(root / "a");
    std::ofstream(root / "a" / "b") << std::string(200000, 'x');
    std::ofstream(root / "a" / "odd\nname") << std::string(5000, 'y');
    fs::create_symlink(std::string(200, 'l'), root / "long");
    std::vector<std::string> argv = {"mke2fs", "-F", "-q", "-d", root.string()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    argv.push_back(path());
    run_program(argv);
    debugfs("ea_set /a/b user.big " + std::string(600, 'v'));
  }

  std::string debugfs(const std::string& request) const {
    return run_program({"debugfs", "-w", "-R", request, path()});
  }

  // The numbers in what a request of debugfs prints.
  std::vector<std::uint64_t> blocks(const std::string& request) const {
    std::istringstream words(debugfs(request));
    std::vector<std::uint64_t> numbers;
    for (std::string word; words >> word;) {
      if (word.find_first_not_of("0123456789") == std::string::npos) {
        numbers.push_back(std::stoull(word));
      }
    }
    return numbers;
  }

  std::unique_ptr<const BlockOwners> owners() const {
    return read_block_owners(*value_or_throw(ImageSource::open(path())));
  }

  std::uint64_t block_bytes() const {
    const std::string text = run_program({"dumpe2fs", "-h", path()});
    return std::stoull(text.substr(text.find("Block size:") + 11));
  }
};

const std::vector<std::vector<std::string>>& kinds() {
  static const std::vector<std::vector<std::string>> listed = {
      {"-t", "ext4", "-b", "1024"},
      {"-t", "ext4", "-b", "4096"},
      {"-t", "ext4", "-b", "1024", "-O", "meta_bg,^resize_inode"},
      {"-t", "ext4", "-b", "1024", "-O", "^metadata_csum,^64bit,^flex_bg"},
      {"-t", "ext3", "-b", "1024"},
      {"-t", "ext2", "-b", "2048"}};
  return listed;
}

TEST_CASE("what debugfs finds at a place owns it", "[checkers][block_owner]") {
  for (const std::vector<std::string>& kind : kinds()) {
    INFO(fmt::format("{}", fmt::join(kind, " ")));
    const OwnedImage image(kind);
    const std::unique_ptr<const BlockOwners> owners = image.owners();
    CHECK(owners->notes().empty());
    CHECK_FALSE(owners->needs_recovery());
    const std::uint64_t block = image.block_bytes();
    const auto owner = [&](std::uint64_t number) {
      return owners->owner_of({number * block, (number + 1) * block});
    };
    CHECK(owners->owner_of({1024, 2048}) == "superblock");
    CHECK(owner(block == 1024 ? 2 : 1) == "group descriptors");
    const std::vector<std::uint64_t> data = image.blocks("blocks /a/b");
    std::uint64_t content = 0;
    for (const std::uint64_t number : data) {
      const std::string text = owner(number);
      if (text == "block map of file /a/b") {
        continue;
      }
      CHECK(text == fmt::format("file /a/b, byte {}", content * block));
      ++content;
    }
    CHECK(content == (200000 + block - 1) / block);
    CHECK(owner(image.blocks("blocks /a").at(0)) == "directory /a");
    CHECK(owner(image.blocks("blocks /").at(0)) == "directory /");
    CHECK(owner(image.blocks("blocks /long").at(0)) == "symbolic link /long");
    CHECK_THAT(owner(image.blocks("blocks <14>").at(0)),
               Catch::Contains("file /a/odd\\x0aname") || Catch::Contains("file /a/b"));
    if (kind[1] != "ext2") {
      CHECK(owner(image.blocks("blocks <8>").at(0)) == "journal");
    }
    CHECK(owners->owner_of({24 << 20, (24 << 20) + 512}) ==
          "behind the end of the file system");
  }
}

// "  Block bitmap at 130 (+129)", "Inode table at 134-261 (+133)" of each group.
void check_group(const BlockOwners& owners, const std::string& line,
                 const std::string& label, const std::string& what, std::uint64_t group,
                 std::uint64_t block) {
  const std::size_t at = line.find(label);
  if (at == std::string::npos) {
    return;
  }
  const std::uint64_t first = std::stoull(line.substr(at + label.size()));
  CHECK(owners.owner_of({first * block, (first + 1) * block}) ==
        fmt::format("{} of group {}", what, group));
}

TEST_CASE("metadata is told by its group, as dumpe2fs tells it",
          "[checkers][block_owner]") {
  for (const std::vector<std::string>& kind : kinds()) {
    INFO(fmt::format("{}", fmt::join(kind, " ")));
    const OwnedImage image(kind);
    const std::unique_ptr<const BlockOwners> owners = image.owners();
    const std::uint64_t block = image.block_bytes();
    std::istringstream lines(run_program({"dumpe2fs", image.path()}));
    std::uint64_t group = 0;
    std::size_t groups = 0;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("Group ") && line.find(" (Blocks ") != std::string::npos) {
        group = std::stoull(line.substr(6));
        ++groups;
      }
      check_group(*owners, line, "Block bitmap at ", "block bitmap", group, block);
      check_group(*owners, line, "Inode bitmap at ", "inode bitmap", group, block);
      check_group(*owners, line, "Inode table at ", "inode table", group, block);
      if (group > 0) {
        check_group(*owners, line, "Backup superblock at ", "superblock copy", group,
                    block);
      }
    }
    CHECK(groups == (block == 1024 ? 3 : 1));
  }
}

// The blocks that dumpe2fs lists as free: "  Free blocks: 131-200, 300".
RangeSet free_blocks(const Image& image, std::uint64_t block) {
  constexpr std::string_view kLabel = "  Free blocks: ";
  std::vector<ByteRange> ranges;
  std::istringstream lines(run_program({"dumpe2fs", image.path()}));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(kLabel)) {
      continue;
    }
    std::istringstream runs(line.substr(kLabel.size()));
    for (std::string run; std::getline(runs, run, ',');) {
      const std::uint64_t first = std::stoull(run);
      const std::size_t dash = run.find('-');
      const std::uint64_t last =
          dash == std::string::npos ? first : std::stoull(run.substr(dash + 1));
      ranges.push_back({first * block, (last + 1) * block});
    }
  }
  return RangeSet(std::move(ranges));
}

TEST_CASE("every byte has an owner, and what the bitmaps call free is free",
          "[checkers][block_owner]") {
  for (const std::vector<std::string>& kind : kinds()) {
    INFO(fmt::format("{}", fmt::join(kind, " ")));
    const OwnedImage image(kind);
    image.debugfs("rm /long");
    const std::unique_ptr<const BlockOwners> owners = image.owners();
    std::uint64_t at = 0;
    std::vector<ByteRange> free;
    for (const OwnedRange& owned : owners->owners_of({0, image.size_bytes()})) {
      REQUIRE(owned.range.begin == at);
      REQUIRE(owned.range.end > at);
      at = owned.range.end;
      CHECK(owned.what.find("not known") == std::string::npos);
      CHECK(owned.what.find("nothing readable") == std::string::npos);
      CHECK(owned.what.find("/long") == std::string::npos);
      if (owned.what == "free") {
        free.push_back(owned.range);
      }
    }
    CHECK(at == image.size_bytes());
    const RangeSet expected = free_blocks(image, image.block_bytes());
    CHECK(expected.total_bytes() > std::uint64_t{10} << 20);
    CHECK(RangeSet(free) == expected);
  }
}

TEST_CASE("ranges are cut at owners, and not rounded to blocks",
          "[checkers][block_owner]") {
  const OwnedImage image({"-t", "ext4", "-b", "4096"});
  const std::unique_ptr<const BlockOwners> owners = image.owners();
  const std::uint64_t first = image.blocks("blocks /a/b").at(0) * 4096;
  const std::vector<OwnedRange> inside =
      owners->owners_of({first + 4096 + 512, first + 12288});
  REQUIRE(inside.size() == 1);
  CHECK(inside[0].text() == "file /a/b, byte 4608");
  CHECK(inside[0].range == ByteRange{first + 4608, first + 12288});
  CHECK(owners->owners_of({4096, 4096}).empty());
  CHECK(owners->owner_of({0, image.size_bytes()}).find("; and ") != std::string::npos);
  CHECK(owners->owner_of({3584, 4608}) == "superblock; group descriptors");
}

TEST_CASE("what is no ext4 has owners that are not known, with the reason",
          "[checkers][block_owner]") {
  const Image image(1 << 20);
  const std::unique_ptr<const BlockOwners> owners =
      read_block_owners(*value_or_throw(ImageSource::open(image.path())));
  CHECK(owners->owner_of({0, 512}) ==
        "not known: no ext2, ext3 or ext4 file system (superblock: Bad magic number in "
        "super-block)");
  CHECK(owners->owners_of({0, 0}).empty());
}

TEST_CASE("noise in the metadata is no crash, and still every byte has an owner",
          "[checkers][block_owner]") {
  const OwnedImage image({"-t", "ext4", "-b", "1024", "-O", "^metadata_csum,^64bit"});
  const std::string listing = run_program({"dumpe2fs", image.path()});
  const std::string label = "Inode table at ";
  const std::uint64_t table =
      std::stoull(listing.substr(listing.find(label) + label.size())) * 1024;
  const std::vector<std::uint64_t> places = {2048, table,
                                             image.blocks("blocks /").at(0) * 1024,
                                             image.blocks("blocks /a").at(0) * 1024};
  Random random(7);
  std::size_t noted = 0;
  for (int round = 0; round < 200; ++round) {
    const std::uint64_t place = places[random.below(4)] + random.below(1024 - 64);
    const std::string before = image.read(place, 64);
    std::string noise(64, '\0');
    for (char& byte : noise) {
      byte = static_cast<char>(random.below(256));
    }
    image.write(place, noise);
    const std::unique_ptr<const BlockOwners> owners = image.owners();
    std::uint64_t at = 0;
    for (const OwnedRange& owned : owners->owners_of({0, image.size_bytes()})) {
      REQUIRE(owned.range.begin == at);
      at = owned.range.end;
    }
    REQUIRE(at == image.size_bytes());
    noted += owners->notes().empty() ? 0 : 1;
    image.write(place, before);
  }
  CHECK(noted > 0);
  CHECK(image.owners()->notes().empty());
}

TEST_CASE("names of what is in the journal only are there after its replay",
          "[checkers][block_owner]") {
  // debugfs writes a transaction into the journal: a block of the directory / anew, with
  // another name in it, and does not replay it.
  const OwnedImage image({"-t", "ext4", "-b", "1024", "-O", "^metadata_csum"});
  const std::uint64_t directory = image.blocks("blocks /").at(0);
  std::string content = image.read(directory * 1024, 1024);
  const std::size_t name = content.find("long");
  REQUIRE(name != std::string::npos);
  content.replace(name, 4, "LONG");
  std::ofstream(image.file("block"), std::ios::binary) << content;
  const fs::path script = image.file("script");
  std::ofstream(script) << "jo\njw -b " << directory << " "
                        << image.file("block").string() << "\njc\n";
  run_program({"debugfs", "-w", "-f", script.string(), image.path()});
  const std::uint64_t link =
      image.blocks("blocks <15>").empty() ? 0 : image.blocks("blocks /long").at(0) * 1024;
  REQUIRE(link != 0);
  const std::unique_ptr<const BlockOwners> before = image.owners();
  CHECK(before->needs_recovery());
  CHECK(before->owner_of({link, link + 1024}) == "symbolic link /long");
  value_or_throw(replay_ext4_journal(image.path()));
  const std::unique_ptr<const BlockOwners> after = image.owners();
  CHECK_FALSE(after->needs_recovery());
  CHECK(after->owner_of({link, link + 1024}) == "symbolic link /LONG");
}

}  // namespace
}  // namespace powercut
