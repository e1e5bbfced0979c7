// SPDX-License-Identifier: GPL-2.0-only

#include "results/result_store.h"

#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>

#include <fstream>

namespace powercut {
namespace {

RunOutcome outcome_with(const std::string& key) {
  RunOutcome outcome;
  ProbeOutcome base{"base", {}, {1}};
  if (!key.empty()) {
    base.verdict.kind = Verdict::Kind::kFindings;
    base.verdict.findings.push_back({key, key, false});
  }
  outcome.probes.push_back(base);
  return outcome;
}

std::unique_ptr<ResultStore> open(const std::filesystem::path& path) {
  return value_or_throw(ResultStore::open(path));
}

SessionStart start_of(const std::string& question) {
  return SessionStart{{"run.log", "--atomic", "512"}, "/somewhere", "{}", question};
}

TEST_CASE("runs outlive the program, by subject and state", "[results][store]") {
  const ScratchDir dir;
  SubjectId one = 0;
  {
    const auto store = open(dir / "r.db");
    one = value_or_throw(store->subject("one"));
    REQUIRE(store->add_run(one, "c1.w.all", outcome_with("bad")));
    REQUIRE(store->add_run(one, "c1.w.all", outcome_with("other")));  // the first stays
  }
  const auto store = open(dir / "r.db");
  CHECK(value_or_throw(store->subject("one")) == one);
  const SubjectId two = value_or_throw(store->subject("two"));
  CHECK(two != one);
  const auto found = value_or_throw(store->find_run(one, "c1.w.all"));
  REQUIRE(found);
  CHECK(found->probes[0].verdict.findings[0].key == "bad");
  CHECK_FALSE(value_or_throw(store->find_run(two, "c1.w.all")));
  CHECK_FALSE(value_or_throw(store->find_run(one, "c1.w.none")));
  CHECK(value_or_throw(store->run_ids(one)) == std::vector<std::string>{"c1.w.all"});
}

TEST_CASE("a session that did not end can be resumed, until one ended",
          "[results][store]") {
  const ScratchDir dir;
  const auto store = open(dir / "r.db");
  const SubjectId subject = value_or_throw(store->subject("s"));
  CHECK_FALSE(value_or_throw(store->last_session(true)));
  const SessionId cut = value_or_throw(store->begin_session(subject, start_of("q")));
  REQUIRE(store->add_windows(cut, {{0, 5}, {1, 9}}));
  const auto open_one = value_or_throw(store->last_session(true));
  REQUIRE(open_one);
  CHECK(open_one->start.words == start_of("q").words);
  CHECK(open_one->start.directory == "/somewhere");
  CHECK(open_one->subject == "s");
  CHECK_FALSE(open_one->ended);
  const SessionId other = value_or_throw(store->begin_session(subject, start_of("else")));
  const SessionId next = value_or_throw(store->begin_session(subject, start_of("q")));
  REQUIRE(store->end_session(
      next, {1, true, "{}", "text"},
      {{"sig", "c1.w.all", "it is bad", "12345678901234567890", {3, 4}}}));
  CHECK(value_or_throw(store->last_session(true))->id == other);
  const std::vector<std::pair<SessionId, std::string>> all_ended = {{next, "s"}};
  CHECK(value_or_throw(store->ended_sessions()) == all_ended);
  const auto ended = value_or_throw(store->last_session(false));
  CHECK(ended->ended);
  CHECK(ended->end.exit_code == 1);
  CHECK(ended->end.report == "text");
  const auto findings = value_or_throw(store->findings(next));
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].signature == "sig");
  CHECK(findings[0].states == "12345678901234567890");
  CHECK(findings[0].windows == std::vector<std::size_t>{3, 4});
}

TEST_CASE("the same question has an answer only if it was decided", "[results][store]") {
  const ScratchDir dir;
  const auto store = open(dir / "r.db");
  const SubjectId subject = value_or_throw(store->subject("s"));
  const SessionId cut = value_or_throw(store->begin_session(subject, start_of("q")));
  REQUIRE(store->end_session(cut, {0, false, "{}", "half"}, {}));
  CHECK_FALSE(value_or_throw(store->answer(subject, "q")));
  const SessionId whole = value_or_throw(store->begin_session(subject, start_of("q")));
  REQUIRE(store->end_session(whole, {0, true, "{}", "whole"}, {}));
  CHECK(value_or_throw(store->answer(subject, "q"))->end.report == "whole");
  CHECK_FALSE(value_or_throw(store->answer(subject, "p")));
  CHECK_FALSE(value_or_throw(store->answer(value_or_throw(store->subject("t")), "q")));
}

TEST_CASE("other files are refused and stay as they are", "[results][store]") {
  const ScratchDir dir;
  std::ofstream(dir / "text") << "this is no database, and long enough to be none";
  const auto text = ResultStore::open(dir / "text");
  REQUIRE_FALSE(text);
  CHECK(text.error().kind == ErrorKind::kBadInput);
  {
    const auto foreign = value_or_throw(Database::open(dir / "foreign"));
    REQUIRE(foreign->execute("CREATE TABLE theirs (x)"));
  }
  CHECK_FALSE(ResultStore::open(dir / "foreign"));
  {
    open(dir / "later");
    const auto later = value_or_throw(Database::open(dir / "later"));
    REQUIRE(later->execute("PRAGMA user_version = 99"));
  }
  const auto later = ResultStore::open(dir / "later");
  REQUIRE_FALSE(later);
  CHECK(later.error().kind == ErrorKind::kUsage);
  CHECK(ResultStore::open(dir / "no" / "where").error().message.find("cannot open") !=
        std::string::npos);
}

}  // namespace
}  // namespace powercut
