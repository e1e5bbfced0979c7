// SPDX-License-Identifier: GPL-2.0-only
//
// What is wrong in a workload's text is told with file, line and word.

#include "base/random.h"
#include "tests/unit/workload/random_workload_text.h"
#include "workload/workload_text.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace powercut {
namespace {

struct Wrong {
  const char* text;
  const char* message;
  const char* hint = "";
};

// The message and, behind " | ", the hint.
std::string problem(std::string_view text) {
  Result<Workload> workload = parse_workload(text, {"w.scenario", 10});
  REQUIRE_FALSE(workload);
  CHECK(workload.error().kind == ErrorKind::kUsage);
  return workload.error().message + " | " + workload.error().hint;
}

void check_all(const std::vector<Wrong>& all) {
  for (const Wrong& wrong : all) {
    INFO(wrong.text);
    const std::string said = problem(wrong.text);
    CHECK_THAT(said, Catch::StartsWith(wrong.message));
    CHECK_THAT(said, Catch::Contains(wrong.hint));
  }
}

TEST_CASE("wrong words of operations are told", "[workload][errors]") {
  check_all({
      {"sync\nfsyn foo", "w.scenario:11: unknown operation 'fsyn'",
       "did you mean fsync?"},
      {"frobnicate", "w.scenario:10: unknown operation 'frobnicate'",
       "docs/writing-a-scenario.md"},
      {"\"\"", "w.scenario:10: unknown operation ''"},
      {"fsync", "w.scenario:10: fsync: 0 words behind it, 1 wanted", "usage: fsync FILE"},
      {"fsync a b", "w.scenario:10: fsync: 2 words behind it, 1 wanted"},
      {"write a 0", "w.scenario:10: write: 2 words behind it, 3 wanted",
       "usage: write FILE OFFSET LENGTH [byte 0xHH]"},
      {"write a 0 4K bite 1", "w.scenario:10: write: unknown option 'bite'",
       "did you mean byte?"},
      {"write a 0 4K byte", "w.scenario:10: write: 'byte' takes one word"},
      {"write a 0 4K byte 1 2", "w.scenario:10: write: 'byte' takes one word"},
      {"write a 0 4K byte 256", "w.scenario:10: write: byte '256' is too large"},
      {"creat a mode 0888", "w.scenario:10: creat: mode '0888' is none"},
      {"creat a mode 10000", "w.scenario:10: creat: mode '10000' is none"},
      {"mkdir a mode 0", "w.scenario:10: mkdir: mode 0", "chmod"},
      {"falloc a punsh 0 1", "w.scenario:10: falloc: unknown mode 'punsh'",
       "did you mean punch?"},
      {"rename a b exchang", "w.scenario:10: rename: unknown option 'exchang'",
       "did you mean exchange?"},
      {"rename a b exchange noreplace", "w.scenario:10: rename: more than one word"},
      {"mknod a pipe", "w.scenario:10: mknod: unknown kind of node 'pipe'",
       "fifo char block"},
      {"mknod a char", "w.scenario:10: mknod: a device needs its numbers"},
      {"mknod a char 1", "w.scenario:10: mknod: a device needs its numbers"},
      {"mknod a fifo 1 2", "w.scenario:10: mknod: a fifo has no numbers"},
      {"mknod a char 4096 0", "w.scenario:10: mknod: major '4096' is too large"},
      {"chown a 4294967295 0", "w.scenario:10: chown: user '4294967295' is too large"},
      {"chown a me 0", "w.scenario:10: chown: user 'me' is no number"},
      {"mark", "w.scenario:10: mark: '' is no mark"},
      {"mark \"a\\nb\"", "w.scenario:10: mark: 'a\\x0ab' is no mark"},
      {"mark ack 7", "w.scenario:10: mark: 'ack 7' is a mark that the recording makes"},
      {"mark begin", "w.scenario:10: mark: 'begin' is a mark that the recording makes"},
      {"setxattr a \"\" v", "w.scenario:10: setxattr: '' is no name of an attribute"},
      {"symlink \"\" a", "w.scenario:10: symlink: '' is no target"},
  });
}

TEST_CASE("wrong numbers are told", "[workload][errors]") {
  check_all({
      {"truncate a x", "w.scenario:10: truncate: size 'x' is no number", "64K"},
      {"truncate a -1", "w.scenario:10: truncate: size '-1' is no number"},
      {"truncate a 4k", "w.scenario:10: truncate: size '4k' is no number"},
      {"truncate a 4KK", "w.scenario:10: truncate: size '4KK' is no number"},
      {"truncate a \"4 \"", "w.scenario:10: truncate: size '4 ' is no number"},
      {"truncate a \"\"", "w.scenario:10: truncate: size '' is no number"},
      {"truncate a 0x", "w.scenario:10: truncate: size '0x' is no number"},
      {"truncate a 9223372036854775808",
       "w.scenario:10: truncate: size '9223372036854775808' is too large"},
      {"truncate a 99999999999999999999",
       "w.scenario:10: truncate: size '99999999999999999999' is too large"},
      {"truncate a 17179869184G",
       "w.scenario:10: truncate: size '17179869184G' is too large"},
      {"falloc a zero 9223372036854775807 1",
       "w.scenario:10: falloc: offset and length go beyond"},
      {"clone-range a 0 1 b 9223372036854775807",
       "w.scenario:10: clone-range: offset and length go beyond"},
      {"write a 0 0", "w.scenario:10: write: a length of 0 bytes"},
      {"append a 2G", "w.scenario:10: append: 2147483648 bytes in one write"},
      {"sleep 1K", "w.scenario:10: sleep: time '1K' is no number"},
      {"sleep 3600001", "w.scenario:10: sleep: time '3600001' is too large"},
  });
}

TEST_CASE("paths that leave the file system are told", "[workload][errors]") {
  check_all({
      {"creat ../a", "w.scenario:10: creat: path '../a' leaves the file system"},
      {"creat a/../b", "w.scenario:10: creat: path 'a/../b' leaves the file system"},
      {"creat a/..", "w.scenario:10: creat: path 'a/..' leaves the file system"},
      {"creat \"\\x2e.\"", "w.scenario:10: creat: path '..' leaves the file system"},
      {"creat /etc/passwd", "w.scenario:10: creat: path '/etc/passwd' leaves", "a/b"},
      {"creat //", "w.scenario:10: creat: path '//' leaves"},
      {"creat a//b", "w.scenario:10: creat: 'a//b' is no path"},
      {"creat a/", "w.scenario:10: creat: 'a/' is no path"},
      {"creat ./a", "w.scenario:10: creat: './a' is no path"},
      {"creat \"\"", "w.scenario:10: creat: '' is no path"},
      {"creat \"a\\x00b\"", "w.scenario:10: creat: 'a\\x00b' is no path"},
      {"creat /", "w.scenario:10: creat: '/' is the root"},
      {"rename a /", "w.scenario:10: rename: '/' is the root"},
      {"open @h /", "w.scenario:10: open: '/' is a directory", "with directory"},
  });
  CHECK_THAT(problem("creat " + std::string(256, 'a')), Catch::Contains("is no path"));
  CHECK_THAT(problem("creat a" + std::string(5000, 'a')), Catch::Contains("aaa...'"));
}

TEST_CASE("handles that cannot be used are told", "[workload][errors]") {
  check_all({
      {"fsync @h", "w.scenario:10: handle @h is not open", "open @h PATH before"},
      {"open @handle a\nfsync @handel", "w.scenario:11: handle @handel is not open",
       "did you mean @handle?"},
      {"open @h a\nopen @h b", "w.scenario:11: handle @h is open already, since line 10"},
      {"open @h a\nclose @h\nclose @h", "w.scenario:12: handle @h is not open"},
      {"open h a", "w.scenario:10: open: 'h' is no handle"},
      {"open \"@h\" a", "w.scenario:10: open: '@h' is no handle"},
      {"open @ a", "w.scenario:10: open: '@' is no handle"},
      {"fsync @a/b", "w.scenario:10: fsync: '@a/b' is no handle"},
      {"unlink @h", "w.scenario:10: unlink: a path is wanted, not the handle '@h'"},
      {"open @h a\nlink @h b", "w.scenario:11: link: a path is wanted"},
      {"open @h a rdonly\nwrite @h 0 1", "w.scenario:11: handle @h is open for reading",
       ""},
      {"open @h a rdonly\nclone b @h", "w.scenario:11: handle @h is open for reading"},
      {"open @h a\nthreads { thread x { fsync @h } }",
       "w.scenario:11: handle @h belongs to another thread", "each thread"},
      {"threads { thread x { open @h a } }\nfsync @h",
       "w.scenario:11: handle @h belongs to another thread"},
      {"threads {\nthread x { open @h a\nclose @h }\nthread y { open @h a }\n}",
       "w.scenario:13: handle @h belongs to another thread"},
      {"threads {\nthread x { open @h a\nclose @h }\nthread y { fsync @h }\n}",
       "w.scenario:13: handle @h belongs to another thread"},
  });
}

TEST_CASE("flags that open does not take together are told", "[workload][errors]") {
  check_all({
      {"open @h a creat", "w.scenario:10: open: unknown option 'creat'",
       "did you mean create?"},
      {"open @h a mode", "w.scenario:10: open: 'mode' takes one word"},
      {"open @h a excl", "w.scenario:10: open: excl without create"},
      {"open @h a mode 0600", "w.scenario:10: open: a mode without create"},
      {"open @h a tmpfile create", "w.scenario:10: open: create and tmpfile"},
      {"open @h a directory create", "w.scenario:10: open: a directory is opened"},
      {"open @h a rdonly trunc", "w.scenario:10: open: rdonly with what changes"},
  });
}

TEST_CASE("repeats, threads and braces that do not fit are told", "[workload][errors]") {
  check_all({
      {"repeat i 1 2", "w.scenario:10: repeat: wrong words", "repeat VAR FIRST LAST"},
      {"repeat i 1 { sync }", "w.scenario:10: repeat: wrong words"},
      {"repeat 1 1 2 { sync }", "w.scenario:10: repeat: '1' is no name"},
      {"repeat i x 2 { sync }", "w.scenario:10: repeat: first 'x' is no number"},
      {"repeat i 2 1 { sync }", "w.scenario:10: repeat: from 2 to 1"},
      {"repeat i 1 2 {\ncreat a$j }", "w.scenario:11: no variable $j here",
       "a dollar sign is \"\\$\""},
      {"repeat count 1 2 { creat a$cuont }", "w.scenario:10: no variable $cuont here",
       "did you mean ${count}?"},
      {"repeat i 1 2 { creat a_$i_x }", "w.scenario:10: no variable $i_x here"},
      {"repeat i 1 1 { sync }\ncreat $i", "w.scenario:11: no variable $i here"},
      {"\nrepeat i 1 2 {\nsync", "w.scenario:11: '{' without a '}'"},
      {"sync\n}", "w.scenario:11: '}' without a '{'"},
      {"{ sync }", "w.scenario:10: '{' without a word before it"},
      {"sync { }", "w.scenario:10: 'sync' has no block"},
      {"threads { }", "w.scenario:10: threads without a thread"},
      {"threads x { }", "w.scenario:10: threads: wrong words"},
      {"threads { sync }", "w.scenario:10: 'sync' among threads"},
      {"threads { thread { sync } }", "w.scenario:10: thread: wrong words"},
      {"threads { thread x { } }", "w.scenario:10: thread 'x' does nothing"},
      {"threads { thread x { sync } thread x { sync } }",
       "w.scenario:10: thread 'x' twice"},
      {"thread x { sync }", "w.scenario:10: a thread outside of threads"},
      {"threads { thread x { threads { thread y { sync } } } }",
       "w.scenario:10: threads within threads"},
      {"repeat i 1 1000000 { repeat j 1 1000000 { sync } }",
       "w.scenario:10: more than 1000000 operations", "count less far"},
      {"repeat i 1 1000000 { repeat j 1 1000000 { } }",
       "w.scenario:10: more than 1000000 operations"},
      {"threads { repeat i 1 65 { thread t$i { sync } } }",
       "w.scenario:10: more than 64 threads"},
  });
  std::string deep;
  for (int i = 0; i < 1000; ++i) {
    deep += "repeat i 1 1 {\n";
  }
  CHECK_THAT(problem(deep), Catch::Contains("braces nested deeper than 32"));
  CHECK_THAT(
      problem("repeat i 1 1000000 { setxattr f user.a " + std::string(60000, 'x') + " }"),
      Catch::Contains("bytes of words"));
}

TEST_CASE("quotes, escapes and bytes that do not fit are told", "[workload][errors]") {
  check_all({
      {"creat \"a", "w.scenario:10: the quote of '\"a' does not end on its line"},
      {"creat \"a\nb\"", "w.scenario:10: the quote of '\"a' does not end"},
      {"creat \"a\"b", "w.scenario:10: no blank behind the quote"},
      {"creat a\"b\"", "w.scenario:10: a quote within a word"},
      {"creat \"a\\q\"", "w.scenario:10: unknown escape '\\q\"'", "\\xHH"},
      {"creat \"a\\x4\"", "w.scenario:10: unknown escape '\\x4\"'"},
      {"creat \"a\\", "w.scenario:10: unknown escape '\\'"},
      {"creat a\x01", "w.scenario:10: a control character (0x01)", "\\x01"},
      {"creat \"a\x7f\"", "w.scenario:10: a control character (0x7f)"},
  });
}

TEST_CASE("hostile text is parsed or refused, and what is parsed parses back",
          "[workload][errors]") {
  Random random(11);
  const std::vector<std::string> pieces = {
      "write",  "fsync", " ",     "\n",   "{",    "}",    "\"",   "\\x",
      "repeat", "i",     "$i",    "1",    "4K",   "@h",   "open", "threads",
      "thread", "..",    "/",     "#",    "mode", "0x",   "byte", "\\",
      "a",      "creat", "close", "sync", "\t",   "link", "${",   "18446744073709551615",
  };
  std::size_t good = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    if (round % 2 == 0) {
      text = to_text(RandomText(static_cast<std::uint64_t>(round)).workload(4));
    }
    const std::uint64_t changes = random.below(round % 2 == 0 ? 4 : 30);
    for (std::uint64_t i = 0; i < changes; ++i) {
      const std::size_t at = random.below(text.size() + 1);
      switch (random.below(3)) {
        case 0:
          text.insert(at, pieces[random.below(pieces.size())]);
          break;
        case 1:
          text.erase(at, random.below(4));
          break;
        default:
          text.insert(at, 1, static_cast<char>(random.below(256)));
          break;
      }
    }
    Result<Workload> workload = parse_workload(text, {"w", 1});
    if (!workload) {
      REQUIRE_THAT(workload.error().message, Catch::StartsWith("w:"));
      continue;
    }
    ++good;
    Result<Workload> again = parse_workload(to_text(*workload), {"w", 1});
    INFO(text);
    REQUIRE(again);
    for (Workload* each : {&*workload, &*again}) {
      for (Operation& operation : each->operations) {
        operation.line = 0;
      }
    }
    REQUIRE(*again == *workload);
  }
  // Enough of both, or this test tests nothing.
  CHECK(good > 2000);
  CHECK(good < 18000);
}

}  // namespace
}  // namespace powercut
