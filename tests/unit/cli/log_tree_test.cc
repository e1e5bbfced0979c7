// SPDX-License-Identifier: GPL-2.0-only

#include "cli/log_tree.h"

#include "cli/file_name.h"
#include "replay/where.h"
#include "tests/support/brute_force.h"

#include <catch2/catch.hpp>

#include <cerrno>
#include <set>

namespace powercut::test {
namespace {

using Names = std::vector<std::string>;

History history_of(std::uint16_t devices) {
  History history(devices, 4);
  history.mark("begun");                         // 0
  history.write({0}, 'a');                       // 1, 2
  history.complete(history.flush_begin(), EIO);  // 3, 4
  history.flush();                               // 5, 6
  history.mark("../a/b");                        // 7
  history.write({1}, 'b');                       // 8, 9
  history.mark("again");                         // 10
  history.mark("again#2");                       // 11
  history.write({0}, 'c');                       // 12, 13
  history.mark("again");                         // 14
  history.flush();                               // 15, 16
  return history;
}

std::unique_ptr<LogTree> tree_of(
    std::uint16_t devices = 1,
    const std::optional<std::vector<NamedState>>& findings = std::nullopt) {
  CrashModel model;
  model.atomic_bytes = 512;
  return value_or_throw(LogTree::make(recorded(history_of(devices)), model, findings));
}

Names listed(const LogTree& tree, const std::string& directory) {
  Names names;
  for (std::size_t i = 0; i < tree.listed_count(directory); ++i) {
    names.push_back(tree.listed_name(directory, i));
  }
  return names;
}

std::vector<std::byte> bytes_of(const BlockSource& source) {
  std::vector<std::byte> bytes(source.size_bytes());
  source.read(0, bytes);
  return bytes;
}

std::vector<std::byte> bytes_of(const LogTree& tree, const std::string& path) {
  return bytes_of(*value_or_throw(tree.source(path)));
}

std::vector<std::byte> bytes_at(const std::string& where) {
  const auto recording = recorded(history_of(1));
  const Cut cut = value_or_throw(find_cut(recording->timeline(), where));
  return bytes_of(*linear_view(recording, cut, 0));
}

TEST_CASE("the names of a log are listed in its order", "[cli][log_tree]") {
  const auto tree = tree_of();
  CHECK(listed(*tree, "") ==
        Names{"start", "end", "flush", "mark", "entry", "seq", "state"});
  CHECK(listed(*tree, "flush") == Names{"1", "2"});
  CHECK(listed(*tree, "mark") ==
        Names{"begun", "%2E.%2Fa%2Fb", "again", "again%232", "again#2"});
  for (const char* unlisted : {"entry", "seq", "state", "start", "nothing", "flush/1"}) {
    CHECK(listed(*tree, unlisted).empty());
  }
}

TEST_CASE("each name is the instant that --to means", "[cli][log_tree]") {
  const auto tree = tree_of();
  const std::vector<std::pair<std::string, std::string>> same = {
      {"start", "start"},           {"end", "end"},
      {"flush/1", "flush:1"},       {"flush/2", "flush:2"},
      {"mark/begun", "mark:begun"}, {"mark/%2E.%2Fa%2Fb", "mark:../a/b"},
      {"mark/again", "mark:again"}, {"mark/again%232", "mark:again#2"},
      {"entry/9", "entry:9"},       {"seq/13", "seq:13"}};
  for (const auto& [path, where] : same) {
    INFO(path);
    CHECK(tree->find(path)->size_bytes == 2048);
    CHECK(bytes_of(*tree, path) == bytes_at(where));
  }
  // A wrong byte would be seen: neighbours differ.
  CHECK(bytes_of(*tree, "entry/9") != bytes_at("entry:8"));
  CHECK(bytes_of(*tree, "flush/1") != bytes_at("flush:2"));
  // The second "again" has no place of its own: --to takes "again#2" for the mark of that
  // text.
  CHECK(bytes_of(*tree, "mark/again#2") == bytes_at("seq:14"));
  CHECK(bytes_of(*tree, "mark/again#2") != bytes_at("mark:again#2"));
}

TEST_CASE("what is listed is found", "[cli][log_tree]") {
  const auto tree = tree_of(2, std::vector{NamedState{"c13.512.none", {}}});
  std::size_t disks = 0;
  const std::function<void(const std::string&)> visit = [&](const std::string& path) {
    const std::optional<InstantEntry> entry = tree->find(path);
    INFO(path);
    REQUIRE(entry);
    if (!entry->is_directory) {
      CHECK(bytes_of(*tree, path).size() == entry->size_bytes);
      ++disks;
    }
    for (const std::string& name : listed(*tree, path)) {
      visit(path.empty() ? name : path + "/" + name);
    }
  };
  visit("");
  CHECK(disks == 2 * (2 + 2 + 5 + 1));
}

TEST_CASE("other names are not there", "[cli][log_tree]") {
  for (const std::uint16_t devices : {std::uint16_t{1}, std::uint16_t{2}}) {
    const auto tree = tree_of(devices);
    for (const std::string path : {"nothing",
                                   "flush/0",
                                   "flush/3",
                                   "flush/01",
                                   "flush/+1",
                                   "flush/-1",
                                   "flush/1 ",

                                   "flush/99999999999999999999",
                                   "mark/lost",
                                   "mark/again#1",
                                   "mark/again#3",
                                   "mark/%62egun",
                                   "mark/../a/b",

                                   "seq/17",
                                   "entry/x",
                                   "state/x",
                                   "state/c13",
                                   "state/c18.512.all",
                                   "state/c13.7.all",
                                   "state/c13.512.all:d0u9=base",
                                   "state/c13.512.all:d9u0=base",
                                   "state/c13.512.all:d9u18446744073709551615=v0",
                                   "state/c13.512.all-3",
                                   "state/c13.512.most",
                                   "finding",
                                   "finding/c13.512.all",
                                   "start/disk9",
                                   "start/x",
                                   "flush/1/disk0/x",
                                   "flush/1/x"}) {
      INFO(path);
      CHECK_FALSE(tree->find(path));
      CHECK_FALSE(tree->source(path));
    }
  }
}

TEST_CASE("one device is a file, several are files of a directory", "[cli][log_tree]") {
  const auto one = tree_of(1);
  CHECK_FALSE(one->find("flush/1")->is_directory);
  CHECK_FALSE(one->find("flush/1/disk0"));
  const auto two = tree_of(2);
  CHECK(two->find("flush/1")->is_directory);
  CHECK(listed(*two, "mark/begun") == Names{"disk0", "disk1"});
  CHECK(listed(*two, "state/c13.512.none") == Names{"disk0", "disk1"});
  CHECK_FALSE(two->source("flush/1"));
  CHECK(bytes_of(*two, "end/disk0") == bytes_at("end"));
  CHECK(bytes_of(*two, "end/disk1") != bytes_at("end"));
}

TEST_CASE("a state is what its id says, under the model of the tree", "[cli][log_tree]") {
  const auto tree = tree_of();
  CHECK(bytes_of(*tree, "state/c14.512.all") == bytes_at("seq:13"));
  CHECK(bytes_of(*tree, "state/c14.512.none") == bytes_at("flush:1"));
  CHECK(bytes_of(*tree, "state/c14.512.all:d0u1=base") != bytes_at("seq:13"));
}

TEST_CASE("findings are named by id, model and fault", "[cli][log_tree]") {
  CrashModel faulty;
  faulty.fault = {FaultModel::Kind::kIgnoreFlush, 1};
  CrashModel other = faulty;
  other.device = DeviceModel::kOrdered;
  other.discard = DiscardPolicy::kKeep;
  const auto tree = tree_of(1, std::vector<NamedState>{{"c14.512.none", {}},
                                                       {"c14.512.none", faulty},
                                                       {"c14.512.none", {}},
                                                       {"c14.512.none", other},
                                                       {"c14.512.none/../X", {}}});
  CHECK(listed(*tree, "finding") ==
        Names{"c14.512.none", "c14.512.none@ignore-flush:1",
              "c14.512.none@ordered@ignore-flush:1@discard-keep",
              "c14.512.none%2F..%2FX"});
  CHECK(bytes_of(*tree, "finding/c14.512.none") == bytes_at("flush:1"));
  CHECK(bytes_of(*tree, "finding/c14.512.none@ignore-flush:1") == bytes_at("start"));
  // Named, as a listing builds nothing; but it is none.
  CHECK(tree->find("finding/c14.512.none%2F..%2FX"));
  CHECK_FALSE(tree->source("finding/c14.512.none%2F..%2FX"));
}

TEST_CASE("a finding that is no state of the log is refused", "[cli][log_tree]") {
  for (const char* id : {"", "x", "c99.512.none", "c14.513.none"}) {
    const auto tree = LogTree::make(recorded(history_of(1)), CrashModel{},
                                    std::vector{NamedState{id, {}}});
    REQUIRE_FALSE(tree);
    CHECK(tree.error().kind == ErrorKind::kUsage);
  }
}

TEST_CASE("any text is a name that a directory can have", "[cli][file_name]") {
  CHECK(file_name_of("two words, and more") == "two words, and more");
  CHECK(file_name_of("") == "%");
  CHECK(file_name_of(".") == "%2E");
  CHECK(file_name_of("..") == "%2E.");
  CHECK(file_name_of("a.b") == "a.b");
  CHECK(file_name_of("100%") == "100%25");
  CHECK(file_name_of("a\n\x1b\x7f\xff") == "a%0A%1B%7F%FF");
  CHECK(file_name_of(std::string_view("a\0b", 3)) == "a%00b");
  std::set<std::string> names;
  for (int byte = 0; byte < 256; ++byte) {
    names.insert(file_name_of(std::string(1, static_cast<char>(byte))));
  }
  CHECK(names.size() == 256);
}

TEST_CASE("a long text is cut to what a name can be, and not within a byte",
          "[cli][file_name]") {
  CHECK(file_name_of(std::string(200, 'x')) == std::string(200, 'x'));
  CHECK(file_name_of(std::string(201, 'x')) == std::string(200, 'x') + "%~");
  std::string slashes;
  for (int i = 0; i < 66; ++i) {
    slashes += "%2F";
  }
  CHECK(file_name_of(std::string(1000, '/')) == slashes + "%~");
}

TEST_CASE("equal names are told apart", "[cli][file_name]") {
  const std::string a = std::string(200, 'x') + "a";
  const std::string b = std::string(200, 'x') + "b";
  CHECK(file_names_of(std::vector<std::string_view>{"m", "m#2", "m", a, b, "m"}) ==
        Names{"m", "m%232", "m#2", std::string(200, 'x') + "%~",
              std::string(200, 'x') + "%~#2", "m#3"});
}

}  // namespace
}  // namespace powercut::test
