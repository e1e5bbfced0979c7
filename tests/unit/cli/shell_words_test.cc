// SPDX-License-Identifier: GPL-2.0-only

#include "cli/shell/words.h"

#include <catch2/catch.hpp>

namespace powercut {
namespace {

std::vector<Words> split(const std::string& text) {
  return value_or_throw(split_commands(text));
}

TEST_CASE("commands end at ; and at a new line", "[cli][shell]") {
  using Commands = std::vector<Words>;
  CHECK(split("").empty());
  CHECK(split(" ; \n;").empty());
  CHECK(split("goto flush 3; writes\ncheck") ==
        Commands{{"goto", "flush", "3"}, {"writes"}, {"check"}});
  CHECK(split("ls\r\n") == Commands{{"ls"}});
}

TEST_CASE("quotes are those of sh", "[cli][shell]") {
  CHECK(split("cat '/a b;c' \"d\\\"e\" f\\ g h'i'\"j\"")[0] ==
        Words{"cat", "/a b;c", "d\"e", "f g", "hij"});
  CHECK(split("a '' \"\"")[0] == Words{"a", "", ""});
  CHECK(split("a\\\nb")[0] == Words{"ab"});
  CHECK(split("\"\\n\"")[0] == Words{"\\n"});
  for (const char* open : {"'", "a 'b", "\"", "a\\", "\"a\\\""}) {
    INFO(open);
    CHECK_FALSE(split_commands(open));
  }
}

TEST_CASE("a comment begins at a word and ends with the line", "[cli][shell]") {
  CHECK(split("ls # all; of it\nstate # x") == std::vector<Words>{{"ls"}, {"state"}});
  CHECK(split("goto X#2")[0] == Words{"goto", "X#2"});
}

TEST_CASE("what nobody types is refused", "[cli][shell]") {
  CHECK(split_commands(std::string(65536, 'x')));
  CHECK_FALSE(split_commands(std::string(65537, 'x')));
}

TEST_CASE("what changes a terminal is not printed", "[cli][shell]") {
  CHECK(printable("a b~") == "a b~");
  CHECK(printable(std::string("\x1b[2J\n\t\x7f\0", 8)) == "\\x1b[2J\\x0a\\x09\\x7f\\x00");
  CHECK(printable("\xc2\x9b\\") == "\\xc2\\x9b\\x5c");
}

}  // namespace
}  // namespace powercut
