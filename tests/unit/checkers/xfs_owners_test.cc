// SPDX-License-Identifier: GPL-2.0-only
//
// Owners of blocks of XFS images: what xfs_db prints, read back; and files found where
// their bytes are.

#include "checkers/xfs_owners.h"

#include "base/random.h"
#include "checkers/image_owners.h"
#include "tests/support/marked_files.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <map>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using test::Image;
using test::run_program;

constexpr std::uint64_t kImageBytes = 300 << 20;
constexpr int kManyFiles = 120;

class XfsImage : public Image {
 public:
  explicit XfsImage(const std::vector<std::string>& arguments) : Image(kImageBytes) {
    const fs::path big = file("big");
    std::ofstream(big) << test::marked_bytes("big", 400);
    const fs::path prototype = file("prototype");
    std::ofstream text(prototype);
    text << "/stage\n0 0\nd--755 0 0\na d--755 0 0\nb ---644 0 0 " << big.string()
         << "\nempty ---644 0 0 /dev/null\n$\nlong l--777 0 0 " << std::string(1000, 'l')
         << "\nmany d--755 0 0\n";
    for (int i = 0; i < kManyFiles; ++i) {
      text << "a_file_with_a_name_of_some_length_" << i << " ---644 0 0 " << big.string()
           << "\n";
    }
    text << "$\n$\n";
    text.close();
    std::vector<std::string> argv = {"mkfs.xfs", "-q", "-f", "-p", prototype.string()};
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
      {},
      {"-b", "size=1024", "-n", "size=4096"},
      {"-m", "crc=0"},
      {"-m", "rmapbt=1", "-i", "size=1024", "-d", "agcount=3"}};
  return listed;
}

TEST_CASE("a byte of a file on XFS belongs to that file, and says where in it",
          "[checkers][xfs_owners]") {
  for (const std::vector<std::string>& kind : kinds()) {
    INFO(fmt::format("{}", fmt::join(kind, " ")));
    const XfsImage image(kind);
    const std::unique_ptr<const BlockOwners> owners = image.owners();
    CHECK(owners->notes().empty());
    // The copies of /a/b have the same bytes.
    const test::FoundMarks marks = test::find_marks(image, *owners, "big", "file /");
    CHECK(marks.wrong == "");
    CHECK(marks.found == 400 * (kManyFiles + 1));
    CHECK(
        test::find_marks(image, *owners, "big", "file /many/").wrong.find("file /a/b") !=
        std::string::npos);
  }
}

TEST_CASE("every byte of XFS has an owner, and all that it has is named",
          "[checkers][xfs_owners]") {
  for (const std::vector<std::string>& kind : kinds()) {
    INFO(fmt::format("{}", fmt::join(kind, " ")));
    const XfsImage image(kind);
    const std::unique_ptr<const BlockOwners> owners = image.owners();
    std::map<std::string, std::uint64_t> bytes;
    std::uint64_t at = 0;
    for (const OwnedRange& owned : owners->owners_of({0, kImageBytes})) {
      REQUIRE(owned.range.begin == at);
      at = owned.range.end;
      bytes[owned.what] += owned.range.length();
    }
    CHECK(at == kImageBytes);
    CHECK(owners->owner_of({0, 512}) == "superblock");
    CHECK(owners->owner_of({512, 1024}) == "free space header (AGF) of AG 0");
    CHECK(bytes["inode header (AGI) of AG 1"] == 512);
    CHECK(bytes["superblock copy of AG 1"] == 512);
    CHECK(bytes["tree of free space by place of AG 0"] >= 1024);
    CHECK(bytes["tree of inodes of AG 0"] >= 1024);
    CHECK(bytes["inodes of AG 0"] >= 64 * 256);
    CHECK(bytes["journal"] >= 1 << 20);
    CHECK(bytes["free"] > 100 << 20);
    CHECK(bytes["directory /many"] >= 4096);
    CHECK(bytes["symbolic link /long"] >= 1024);
    CHECK(bytes["file /a/b"] >= 400 * 512);
    CHECK(bytes.count("in use, but nothing readable leads to it") == 0);
    CHECK(owners->owner_of({kImageBytes, kImageBytes + 512}) ==
          "behind the end of the file system");
  }
}

TEST_CASE("an inode of XFS is told by its place", "[checkers][xfs_owners]") {
  const XfsImage image({});
  const std::unique_ptr<const BlockOwners> owners = image.owners();
  std::size_t named = 0;
  for (const OwnedRange& owned : owners->owners_of({0, kImageBytes})) {
    for (std::uint64_t at = owned.range.begin;
         owned.what.starts_with("inodes of ") && at < owned.range.end; at += 512) {
      const auto place = owners->inode_at(at + 7);
      REQUIRE(place);
      REQUIRE(place->range == ByteRange{at, at + 512});
      CHECK(image.read(at, 2) == "IN");
      named += place->text.find("(file /a/b)") != std::string::npos ? 1 : 0;
      named += place->text == "inode 128 (directory /)" ? 1 : 0;
    }
  }
  CHECK(named == 2);
  CHECK_FALSE(owners->inode_at(0));
}

TEST_CASE("noise in the metadata of XFS is no crash and no wrong name",
          "[checkers][xfs_owners]") {
  const XfsImage image({"-m", "crc=0"});
  std::vector<std::uint64_t> places;
  for (const OwnedRange& owned : image.owners()->owners_of({0, 16 << 20})) {
    if (owned.what != "free" && !owned.byte_in_file) {
      places.push_back(owned.range.begin);
    }
  }
  Random random(5);
  for (int round = 0; round < 30; ++round) {
    const std::uint64_t place = places[random.below(places.size())] + random.below(200);
    const std::string before = image.read(place, 48);
    std::string noise(48, '\0');
    for (char& byte : noise) {
      byte = static_cast<char>(random.below(256));
    }
    image.write(place, noise);
    std::uint64_t at = 0;
    for (const OwnedRange& owned : image.owners()->owners_of({0, kImageBytes})) {
      REQUIRE(owned.range.begin == at);
      at = owned.range.end;
    }
    REQUIRE(at == kImageBytes);
    image.write(place, before);
  }
  CHECK(image.owners()->notes().empty());
}

// An xfs_db whose answers are changed on their way.
std::unique_ptr<const BlockOwners> owners_by(
    const Image& image, const std::function<void(std::string&)>& change) {
  const XfsRun real = value_or_throw(run_xfs_db(image.path()));
  const XfsRun changed =
      [&](const std::vector<std::string>& commands) -> Result<std::string> {
    std::string output = value_or_throw(real(commands));
    change(output);
    return output;
  };
  return value_or_throw(read_xfs_owners(changed, kImageBytes, XfsLogState::kClean));
}

TEST_CASE("an xfs_db that says something else is noted, and names nothing wrong",
          "[checkers][xfs_owners]") {
  const XfsImage image({});
  const std::unique_ptr<const BlockOwners> silent =
      owners_by(image, [](std::string& output) { output.clear(); });
  CHECK(silent->owner_of({0, 512}) ==
        "not known: xfs_db tells no superblock that makes sense");
  // Only of some blocks: those of files are not known then.
  const std::unique_ptr<const BlockOwners> other_words =
      owners_by(image, [](std::string& output) {
        for (std::size_t at = output.find("recs["); at != std::string::npos;
             at = output.find("recs[", at)) {
          output.replace(at, 4, "rows");
        }
      });
  CHECK(other_words->owner_of({0, 512}) == "superblock");
  for (const OwnedRange& owned : other_words->owners_of({0, kImageBytes})) {
    CHECK_FALSE(owned.byte_in_file);
    CHECK(owned.what != "free");
  }
  Random random(11);
  const std::unique_ptr<const BlockOwners> whole = image.owners();
  for (int round = 0; round < 20; ++round) {
    const std::unique_ptr<const BlockOwners> cut =
        owners_by(image, [&](std::string& output) {
          output.resize(output.size() - random.below(output.size()));
        });
    for (const OwnedRange& owned : cut->owners_of({0, kImageBytes})) {
      if (owned.what.starts_with("file ") &&
          owned.what.find("without") == std::string::npos) {
        REQUIRE(whole->owner_of(owned.range) == owned.text());
      }
    }
  }
}

TEST_CASE("what xfs_db prints is read as fields and tables", "[checkers][xfs_owners]") {
  const XfsPrint print = XfsPrint::parse(
      "core.mode = 0100644\ncore.format = 1 (local)\nunlinked[0-63] = \n"
      "leftsib = null\nflags = 0x1b\n"
      "recs[1-2] = [startblock,blockcount] \n1:[10,6] \n2:[24,19176]\n"
      "ptrs[1-3] = 1:75 2:null 3:1552\n"
      "3:[1,2]\none[1] = 32969\nbno[0-2] = 0:null 1:6\n"
      "list[0].namelen = 1\nlist[0].name = \"a\"\nlist[0].inumber.i4 = 131\n"
      "list[1].namelen = 13\nlist[1].name = \"odd\\d\\\"name\\\\\\001\\303!\"\n"
      "list[1].inumber.i4 = 132\n"
      "list[2].namelen = 3\nlist[2].name = \"cut\nlist[2].inumber.i4 = 133\n"
      "list[3].namelen = 9\nlist[3].name = \"short\"\nlist[3].inumber.i4 = 134\n");
  CHECK(print.number("core.mode") == 0100644U);
  CHECK(print.number("core.format") == 1U);
  CHECK(print.number("flags") == 27U);
  CHECK_FALSE(print.number("leftsib"));
  CHECK_FALSE(print.number("nothing"));
  REQUIRE(print.table("recs") != nullptr);
  CHECK(print.table("recs")->rows ==
        std::vector<std::vector<std::uint64_t>>{{10, 6}, {24, 19176}});
  CHECK(print.table("recs")->column("blockcount") == std::size_t{1});
  CHECK_FALSE(print.table("recs")->column("flag"));
  REQUIRE(print.table("ptrs") != nullptr);
  CHECK(print.table("ptrs")->rows ==
        std::vector<std::vector<std::uint64_t>>{{75}, {1552}});
  REQUIRE(print.table("one") != nullptr);
  CHECK(print.table("one")->rows == std::vector<std::vector<std::uint64_t>>{{32969}});
  CHECK(print.table("bno")->numbers == std::vector<std::uint64_t>{1});
  const std::vector<XfsEntry> entries = print.entries();
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].name == "a");
  CHECK(entries[1].name == "odd\n\"name\\\x01\xc3!");
  CHECK(entries[1].inode == 132);
  CHECK_FALSE(unquote_xfs("\"\\9\""));
  CHECK_FALSE(unquote_xfs("\"\\03\""));
  CHECK_FALSE(unquote_xfs("\""));
}

TEST_CASE("an answer of xfs_db counts only if it is from the place that was asked for",
          "[checkers][xfs_owners]") {
  const std::vector<XfsQuestion> asked = {
      {{"inode 1"}, 512}, {{"inode 2"}, 1024}, {{"inode 3"}, 1536}};
  const auto answer = [](std::uint64_t at, int value) {
    return fmt::format("current\n\tbyte offset {}, length 512\nx = {}\n", at, value);
  };
  const auto answers = parse_xfs_answers(asked.data(), asked.size(),
                                         "powercut question 0 \n" + answer(512, 7) +
                                             "powercut question 1 \n" + answer(512, 7) +
                                             "powercut question 2 \n" + answer(1536, 9));
  REQUIRE(answers.size() == 3);
  CHECK(answers[0]->number("x") == 7U);
  CHECK_FALSE(answers[1]);
  CHECK_FALSE(answers[2]);  // no mark behind it: it may be cut
}

TEST_CASE("the state of the log is what xfs_logprint says", "[checkers][xfs_owners]") {
  CHECK(parse_xfs_log_state("    log tail: 2 head: 2 state: <CLEAN>\n") ==
        XfsLogState::kClean);
  CHECK(parse_xfs_log_state("    log tail: 2 head: 66 state: <DIRTY>\n\nLOG REC") ==
        XfsLogState::kDirty);
  CHECK(parse_xfs_log_state("") == XfsLogState::kNotKnown);
  CHECK(parse_xfs_log_state("cannot find the log") == XfsLogState::kNotKnown);
}

}  // namespace
}  // namespace powercut
