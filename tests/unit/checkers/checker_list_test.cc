// SPDX-License-Identifier: GPL-2.0-only

#include "base/subprocess.h"
#include "checkers/checker.h"

#include <catch2/catch.hpp>

#include <map>
#include <set>
#include <string>

namespace powercut {
namespace {

TEST_CASE("checkers are made by their names, and call themselves so", "[checkers]") {
  const std::map<std::string, std::string> programs = {
      {"ext4", "e2fsck"},   {"ext4:cross", "e2fsck"}, {"xfs", "xfs_repair"},
      {"btrfs", "btrfs"},   {"f2fs", "sh"},           {"vfat", "fsck.vfat"},
      {"usable:xfs", "sh"}, {"command:sh {}", "sh"},  {"files:sh x", "e2fsck"},
      {"raw", "sh"},        {"model:order", "sh"},    {"stack:/etc/passwd a", "sh"}};
  std::set<std::string> kinds;
  for (const auto& [text, program] : programs) {
    INFO(text);
    CheckerOptions options;
    options.data = text == "raw";
    options.observe = options.data;
    const Result<std::unique_ptr<Checker>> made = make_checker(text, options);
    if (!find_program(program)) {
      REQUIRE_FALSE(made.has_value());
      CHECK(made.error().kind == ErrorKind::kMissing);
      CHECK(made.error().hint.starts_with("install it: apt-get install "));
    } else {
      REQUIRE(made.has_value());
      CHECK((*made)->name() == text);
      CHECK((*made)->needs_mounter() == !(text == "ext4" || text == "vfat" ||
                                          text == "raw" || text.starts_with("command:") ||
                                          text.starts_with("model:") ||
                                          text.starts_with("files:")));
    }
    kinds.insert(text.substr(0, text.find(':')));
  }
  std::set<std::string> listed;
  for (const CheckerKind& kind : checker_kinds()) {
    listed.insert(kind.name);
  }
  CHECK(kinds == listed);
}

TEST_CASE("a checker that nobody knows is a usage error with all synopses",
          "[checkers]") {
  const Result<std::unique_ptr<Checker>> made = make_checker("zfs", {});
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().kind == ErrorKind::kUsage);
  for (const CheckerKind& kind : checker_kinds()) {
    CHECK(made.error().hint.find("'" + kind.synopsis + "'") != std::string::npos);
  }
}

TEST_CASE("only ext4 has another recovery to compare with", "[checkers]") {
  if (find_program("e2fsck")) {
    const auto checker = value_or_throw(make_checker("ext4", {}));
    REQUIRE(checker->cross_checker() != nullptr);
    CHECK(checker->cross_checker()->name() == "ext4:cross");
    CHECK(checker->cross_checker()->cross_checker() == nullptr);
  }
  CHECK(value_or_throw(make_checker("usable:ext4", {}))->cross_checker() == nullptr);
}

}  // namespace
}  // namespace powercut
