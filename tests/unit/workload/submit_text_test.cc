// SPDX-License-Identifier: GPL-2.0-only
//
// submit, wait and acknowledge as text.

#include "workload/workload_text.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace powercut {
namespace {

const std::string kOpen = "open @h foo direct\n";

std::string problem(const std::string& text) {
  const Result<Workload> workload = parse_workload(text, {"w.scenario", 10});
  INFO(text);
  REQUIRE_FALSE(workload);
  CHECK(workload.error().kind == ErrorKind::kUsage);
  return workload.error().message + " | " + workload.error().hint;
}

TEST_CASE("submitted writes are printed as they were written", "[workload][submit]") {
  const std::string text =
      "open @h foo dsync direct\n"
      "submit @h 4K 8K as first\n"
      "submit @h 0 512 as b-2.x\n"
      "wait b-2.x\n"
      "acknowledge first\n"
      "wait first\n"
      "submit @h 0 512 as first\n"
      "wait first\n"
      "acknowledge first\n";
  const Result<Workload> workload = parse_workload(text, {"w", 1});
  INFO((workload ? "" : workload.error().message));
  REQUIRE(workload);
  CHECK(to_text(*workload) == text);
  const std::vector<Operation>& all = workload->operations;
  CHECK(all[1].handle == "h");
  CHECK(all[1].offset_bytes == 4096);
  CHECK(all[1].length_bytes == 8192);
  CHECK(all[1].text == "first");
  CHECK(all[3].text == "b-2.x");
}

TEST_CASE("a wait acknowledges if the handle is synchronous, the program always does",
          "[workload][submit]") {
  const auto acknowledged = [](const std::string& flags) {
    const Result<Workload> workload = parse_workload(
        "open @h foo direct" + flags + "\nsubmit @h 0 4K as a\nwait a\nacknowledge a\n",
        {"w", 1});
    REQUIRE(workload);
    std::vector<bool> list;
    for (const Operation& operation : workload->operations) {
      list.push_back(is_acknowledgement(operation));
    }
    return list;
  };
  CHECK(acknowledged("") == std::vector<bool>{false, false, false, true});
  CHECK(acknowledged(" dsync") == std::vector<bool>{false, false, true, true});
  CHECK(acknowledged(" sync") == std::vector<bool>{false, false, true, true});
}

TEST_CASE("submitted writes may be counted by a repeat", "[workload][submit]") {
  const Result<Workload> workload = parse_workload(
      kOpen + "repeat i 0 2 { submit @h ${i}K 1K as w$i }\nrepeat i 0 2 { wait w$i }\n",
      {"w", 1});
  INFO((workload ? "" : workload.error().message));
  REQUIRE(workload);
  CHECK(to_text(workload->operations[3]) == "submit @h 2K 1K as w2");
}

TEST_CASE("wrong words of submitted writes are told", "[workload][submit]") {
  const std::vector<std::pair<std::string, std::string>> all = {
      {kOpen + "submit @h 0 4K", "w.scenario:11: submit: it has no name | usage: submit"},
      {kOpen + "submit @h 0 4K named a", "w.scenario:11: submit: it has no name"},
      {kOpen + "submit @h 0 4K as a b", "w.scenario:11: submit: it has no name"},
      {kOpen + "submit @h 0 4K as a/b", "w.scenario:11: submit: 'a/b' is no name of a"},
      {kOpen + "submit foo 0 4K as a", "w.scenario:11: submit: 'foo' is no handle"},
      {kOpen + "submit @h 0 0 as a", "w.scenario:11: submit: a length of 0 bytes"},
      {kOpen + "submit @h 100 512 as a",
       "w.scenario:11: submit: 512 bytes at 100 are no direct write | whole sectors"},
      {kOpen + "submit @h 0 100 as a", "w.scenario:11: submit: 100 bytes at 0 are no"},
      {kOpen + "submit @h 0 128M as a", "w.scenario:11: submit: 134217728 bytes at 0"},
      {kOpen + "submit @g 0 4K as a", "w.scenario:11: handle @g is not open"},
      {"open @h foo\nsubmit @h 0 4K as a",
       "w.scenario:11: handle @h is open without direct, since line 10 | what is"},
      {"open @h foo direct append\nsubmit @h 0 4K as a",
       "w.scenario:11: handle @h is open with direct and with append"},
      {"open @h foo direct rdonly\nsubmit @h 0 4K as a",
       "w.scenario:11: handle @h is open for reading only"},
      {kOpen + "submit @h 0 4K as a\nsync\nsubmit @h 8K 4K as a\nwait a",
       "w.scenario:13: the write a is in flight already, since line 11"},
      {kOpen + "wait",
       "w.scenario:11: wait: 0 words behind it, 1 wanted | usage: wait NAME"},
      {kOpen + "wait a", "w.scenario:11: no write a was submitted | submit @H OFFSET"},
      {kOpen + "submit @h 0 4K as first\nwait firs",
       "w.scenario:12: no write firs was submitted | did you mean first?"},
      {kOpen + "submit @h 0 4K as a\nwait a\nwait a",
       "w.scenario:13: the write a was waited for already"},
      {kOpen + "acknowledge a", "w.scenario:11: no write a was submitted"},
      {kOpen + "sync\nsubmit @h 0 4K as a\nsync",
       "w.scenario:12: nothing waits for the write a | wait a says where"},
      {kOpen + "submit @h 0 4K as a\nclose @h\nwait a",
       "w.scenario:12: the write a is in flight through @h, since line 11 | wait a "
       "before"},
      {"threads {\n thread x {\n  open @h f direct\n  submit @h 0 4K as a\n }\n}",
       "w.scenario:13: nothing waits for the write a"},
      {kOpen + "submit @h 0 4K as a\nthreads { thread x { wait a } }",
       "w.scenario:12: the write a belongs to another thread"},
  };
  for (const auto& [text, message] : all) {
    INFO(text);
    CHECK_THAT(problem(text), Catch::StartsWith(message));
  }
}

}  // namespace
}  // namespace powercut
