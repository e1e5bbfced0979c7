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

TEST_CASE("of two equal checks at once the slower one ends too", "[results][store]") {
  const ScratchDir dir;
  const auto store = open(dir / "r.db");
  const auto other = open(dir / "r.db");
  const SubjectId subject = value_or_throw(store->subject("s"));
  const SessionId slow = value_or_throw(store->begin_session(subject, start_of("q")));
  REQUIRE(store->add_windows(slow, {{0, 5}}));
  const SessionId quick = value_or_throw(other->begin_session(subject, start_of("q")));
  REQUIRE(other->end_session(quick, {0, true, "{}", "quick"}, {}));
  CHECK_FALSE(value_or_throw(store->last_session(true)));
  // It is not what the last ended check said.
  CHECK(value_or_throw(store->last_ended_session())->id == quick);
  DecidedWindow decided;
  decided.window = {0, 5};
  decided.classes.resize(1);
  REQUIRE(store->end_window(slow, decided));
  REQUIRE(store->end_session(slow, {1, true, "{}", "slow"},
                             {{"sig", "c1.w.all", "bad", "1", {0}}}));
  CHECK(value_or_throw(store->findings(slow)).size() == 1);
  CHECK(value_or_throw(store->ended_sessions()).size() == 2);
}

// All rows of a query, columns joined by '|'.
std::vector<std::string> rows_of(const std::filesystem::path& path,
                                 const std::string& query, int columns) {
  const auto database = value_or_throw(Database::open(path));
  Statement statement = value_or_throw(database->prepare(query));
  std::vector<std::string> rows;
  while (value_or_throw(statement.step())) {
    std::string& row = rows.emplace_back();
    for (int i = 0; i < columns; ++i) {
      row += (i == 0 ? "" : "|") + std::string(statement.text(i));
    }
  }
  return rows;
}

constexpr char kWindows[] =
    "SELECT number, cut, verdict, tier, permitted, decided FROM windows ORDER BY number";
constexpr char kClasses[] =
    "SELECT window, probe, state, verdict, summary, states FROM classes "
    "ORDER BY window, number";

TEST_CASE("windows and their classes are kept as they are decided", "[results][store]") {
  const ScratchDir dir;
  const auto store = open(dir / "r.db");
  const SubjectId subject = value_or_throw(store->subject("s"));
  const SessionId id = value_or_throw(store->begin_session(subject, start_of("q")));
  REQUIRE(store->add_windows(id, {{0, 5}, {1, 9}, {2, 12}}));
  DecidedWindow one;
  one.window.number = 1;
  one.tier = DecidedWindow::Tier::kProved;
  one.permitted = BigCount("12345678901234567890");
  one.decided = one.permitted;
  one.classes = {{"base", "c9.w.all", Verdict::Kind::kClean, "clean", 7},
                 {"data", "c9.w.none", Verdict::Kind::kFindings, "it is gone", 1}};
  REQUIRE(store->end_window(id, one));
  DecidedWindow two;
  two.window.number = 2;
  two.permitted = 8;
  two.decided = 6;
  two.classes = {
      {"base", "c12.w.all", Verdict::Kind::kInconclusive, "inconclusive: late", 2}};
  REQUIRE(store->end_window(id, two));
  CHECK(rows_of(dir / "r.db", kWindows, 6) ==
        std::vector<std::string>{
            "0|5||||", "1|9|findings|proved|12345678901234567890|12345678901234567890",
            "2|12|inconclusive|open|8|6"});
  CHECK(rows_of(dir / "r.db", kClasses, 6) ==
        std::vector<std::string>{"1|base|c9.w.all|clean|clean|7",
                                 "1|data|c9.w.none|findings|it is gone|1",
                                 "2|base|c12.w.all|inconclusive|inconclusive: late|2"});
  // A check that ends closes an equal one that did not, and keeps its rows.
  const SessionId again = value_or_throw(store->begin_session(subject, start_of("q")));
  REQUIRE(store->add_windows(again, {{0, 5}}));
  REQUIRE(store->end_session(again, {0, true, "{}", "text"}, {}));
  CHECK(rows_of(dir / "r.db", kWindows, 6).size() == 4);
  CHECK(rows_of(dir / "r.db", kClasses, 6).size() == 3);
  CHECK(rows_of(dir / "r.db",
                "SELECT id, ended IS NULL, certificate IS NULL FROM sessions",
                3) == std::vector<std::string>{"1|0|1", "2|0|0"});
  // A window that was never announced is nobody's.
  CHECK_FALSE(store->end_window(again, two));
}

// As the first version made it.
TEST_CASE("a file of version 1 is given what it lacks", "[results][store]") {
  const ScratchDir dir;
  {
    const auto old = value_or_throw(Database::open(dir / "r.db"));
    REQUIRE(old->execute(R"(
CREATE TABLE subjects (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
CREATE TABLE sessions (
  id INTEGER PRIMARY KEY, subject INTEGER NOT NULL REFERENCES subjects(id),
  words TEXT NOT NULL, directory TEXT NOT NULL, environment TEXT NOT NULL,
  question TEXT NOT NULL,
  started TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  ended TEXT, decided INTEGER, exit_code INTEGER, certificate TEXT, report TEXT);
CREATE TABLE windows (
  session INTEGER NOT NULL REFERENCES sessions(id), number INTEGER NOT NULL,
  cut INTEGER NOT NULL, PRIMARY KEY (session, number)) WITHOUT ROWID;
CREATE TABLE findings (
  session INTEGER NOT NULL REFERENCES sessions(id), number INTEGER NOT NULL,
  signature TEXT NOT NULL, state TEXT NOT NULL, summary TEXT NOT NULL,
  states TEXT NOT NULL, windows TEXT NOT NULL,
  PRIMARY KEY (session, number)) WITHOUT ROWID;
CREATE TABLE runs (
  subject INTEGER NOT NULL REFERENCES subjects(id), state TEXT NOT NULL,
  verdict TEXT NOT NULL, outcome BLOB NOT NULL,
  PRIMARY KEY (subject, state)) WITHOUT ROWID;
INSERT INTO subjects VALUES (1, 's');
INSERT INTO sessions (id, subject, words, directory, environment, question)
  VALUES (4, 1, '["run.log"]', '/somewhere', '{}', 'q');
INSERT INTO windows VALUES (4, 0, 5);
PRAGMA user_version = 1;
)"));
  }
  const auto store = open(dir / "r.db");
  CHECK(value_or_throw(store->subject("s")) == 1);
  CHECK(value_or_throw(store->last_session(true))->id == 4);
  CHECK(rows_of(dir / "r.db", kWindows, 6) == std::vector<std::string>{"0|5||||"});
  DecidedWindow window;
  window.permitted = 1;
  window.decided = 1;
  window.tier = DecidedWindow::Tier::kProved;
  window.classes = {{"base", "c5.w.all", Verdict::Kind::kClean, "clean", 1}};
  REQUIRE(store->end_window(4, window));
  CHECK(rows_of(dir / "r.db", kWindows, 6) ==
        std::vector<std::string>{"0|5|clean|proved|1|1"});
  CHECK(rows_of(dir / "r.db", "PRAGMA user_version", 1) == std::vector<std::string>{"2"});
  open(dir / "r.db");  // and once is enough
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
