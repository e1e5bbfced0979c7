// SPDX-License-Identifier: GPL-2.0-only
//
// Claims in any order, over each other; and names that form anything but a tree.

#include "checkers/claimed_owners.h"

#include "checkers/inode_names.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <sys/stat.h>

namespace powercut {
namespace {

constexpr std::uint64_t kFar = ~std::uint64_t{0};

std::string owners(const BlockOwners& of, const ByteRange& range) {
  std::string text;
  for (const OwnedRange& owned : of.owners_of(range)) {
    text += fmt::format("{}-{} {}\n", owned.range.begin, owned.range.end, owned.text());
  }
  return text;
}

TEST_CASE("what is claimed twice belongs to the first that claimed it",
          "[checkers][claimed_owners]") {
  OwnerClaims claims(1000);
  claims.claim({100, 200}, "a");
  const OwnerClaims::Owner file = claims.owner("file /f");
  claims.claim({50, 300}, file, 0);
  claims.claim({290, 310}, "c");
  claims.claim({310, 320}, "c");
  claims.claim({320, 400}, file, 250);
  claims.claim({400, 450}, file, 330);
  claims.claim({900, kFar}, "end");
  claims.claim({2000, kFar}, "behind");
  claims.claim({30, 20}, "nothing");
  const std::unique_ptr<const BlockOwners> of = std::move(claims).finish("rest");
  CHECK(owners(*of, {0, 1010}) ==
        "0-50 rest\n"
        "50-100 file /f, byte 0\n"
        "100-200 a\n"
        "200-300 file /f, byte 150\n"
        "300-320 c\n"
        "320-450 file /f, byte 250\n"
        "450-900 rest\n"
        "900-1000 end\n"
        "1000-1010 behind the end of the file system\n");
  CHECK(owners(*of, {60, 61}) == "60-61 file /f, byte 10\n");
  CHECK(owners(*of, {2000, 2001}) == "2000-2001 behind the end of the file system\n");
  CHECK(of->owners_of({5, 5}).empty());
}

TEST_CASE("an inode's place is told where its table is not claimed before",
          "[checkers][claimed_owners]") {
  OwnerClaims claims(10'000);
  claims.claim({512, 1024}, "header");
  const OwnerClaims::Owner table = claims.owner("inodes");
  claims.inodes({0, 2048}, table, 512, 64);
  claims.name_inode(66, claims.owner("file /f"));
  const std::unique_ptr<const BlockOwners> of = std::move(claims).finish("rest");
  CHECK(of->inode_at(0)->text == "inode 64 (unused)");
  CHECK_FALSE(of->inode_at(600));
  CHECK(of->inode_at(1025)->text == "inode 66 (file /f)");
  CHECK(of->inode_at(1025)->range == ByteRange{1024, 1536});
  CHECK_FALSE(of->inode_at(2048));
  CHECK_FALSE(of->inode_at(kFar));
}

TEST_CASE("names that form a circle lead nowhere", "[checkers][claimed_owners]") {
  InodeNames names({5, 1});
  names.add({5, 2}, {5, 1}, "a");
  names.add({5, 3}, {5, 2}, "b\n");
  names.add({5, 3}, {5, 1}, "second");
  names.add({5, 1}, {5, 3}, "root");
  names.add({5, 10}, {5, 11}, "x");
  names.add({5, 11}, {5, 10}, "y");
  CHECK(names.text_of({5, 1}, S_IFDIR) == "directory /");
  CHECK(names.text_of({5, 3}, S_IFREG) == "file /a/b\\x0a");
  CHECK(names.text_of({5, 11}, S_IFDIR) == "directory without a name (inode 11)");
  CHECK(names.text_of({6, 2}, S_IFLNK) == "symbolic link without a name (inode 2)");
}

}  // namespace
}  // namespace powercut
