// SPDX-License-Identifier: GPL-2.0-only

#include "cli/shell/completion.h"
#include "tests/support/brute_force.h"

#include <catch2/catch.hpp>

#include <memory>
#include <set>

namespace powercut::test {
namespace {

using Found = std::vector<std::string>;

struct Here {
  Here() {
    History history(1, 4);
    history.mark("alpha");
    history.mark("alpine hut");
    history.mark("beta\x1b[2J");
    history.write({0}, 'a');  // 3
    history.write({1}, 'b');  // 5
    shell = std::make_unique<Shell>(ShellSession(recorded(history), CrashModel{}),
                                    arguments, Fd());
  }

  Found after(const std::string& line) { return complete(*shell, line).words; }

  Arguments arguments;
  std::unique_ptr<Shell> shell;
};

TEST_CASE("commands are completed", "[cli][shell]") {
  Here here;
  CHECK(here.after("hi") == Found{"history"});
  CHECK(here.after("goto start; hi") == Found{"history"});
  CHECK(here.after("help hi") == Found{"history"});
  CHECK(here.after("zz").empty());
  CHECK(here.after("").size() == shell_commands().size());
}

TEST_CASE("marks are completed as they are typed", "[cli][shell]") {
  Here here;
  CHECK(here.after("goto mark al") == Found{"alpha", "alpine\\ hut"});
  CHECK(here.after("goto mark:alpi") == Found{"mark:alpine\\ hut"});
  CHECK(here.after("goto alpi") == Found{"alpine\\ hut"});
  CHECK(here.after("goto fl") == Found{"flush"});
  // What nobody can type is not offered, nor sent to the terminal.
  CHECK(here.after("goto mark be").empty());
  CHECK(complete(*here.shell, "goto mark al").begins == 10);
  CHECK(common_start({"alpha", "alpine\\ hut"}) == "alp");
  CHECK(common_start({}).empty());
}

TEST_CASE("steps and pending writes are completed", "[cli][shell]") {
  Here here;
  CHECK(here.after("next f") == Found{"flush", "fua"});
  CHECK(here.after("drop ") == Found{"3", "5"});
}

TEST_CASE("where there is no file system there is no path", "[cli][shell]") {
  Here here;
  CHECK(here.after("cat /").empty());
}

TEST_CASE("every command has a name of its own and says what it does", "[cli][shell]") {
  std::set<std::string> names;
  for (const ShellCommand* command : shell_commands()) {
    CHECK(names.insert(command->name).second);
    CHECK(std::string(command->summary).size() > 5);
    CHECK(find_shell_command(command->name) == command);
  }
  CHECK(names.size() == 24);
}

}  // namespace
}  // namespace powercut::test
