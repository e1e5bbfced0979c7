// SPDX-License-Identifier: GPL-2.0-only

#include "results/result_store.h"

#include "results/outcome_cbor.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace powercut {

namespace {

constexpr std::int64_t kVersion = 1;

constexpr char kSchema[] = R"(
CREATE TABLE subjects (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
CREATE TABLE sessions (
  id INTEGER PRIMARY KEY, subject INTEGER NOT NULL REFERENCES subjects(id),
  words TEXT NOT NULL, directory TEXT NOT NULL, environment TEXT NOT NULL,
  question TEXT NOT NULL,
  started TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  ended TEXT, decided INTEGER, exit_code INTEGER, certificate TEXT, report TEXT);
CREATE INDEX sessions_by_question ON sessions (subject, question);
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
)";

const std::string kSessionColumns =
    "SELECT s.id, s.words, s.directory, s.environment, s.question, s.started, b.key, "
    "s.ended IS NOT NULL, s.exit_code, s.decided, s.certificate, s.report "
    "FROM sessions s JOIN subjects b ON b.id = s.subject ";

std::string to_json(const std::vector<std::string>& words) {
  return nlohmann::json(words).dump(-1, ' ', false,
                                    nlohmann::json::error_handler_t::replace);
}

template <class T>
std::vector<T> list_from_json(std::string_view text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  std::vector<T> list;
  for (const nlohmann::json& each : json.is_array() ? json : nlohmann::json::array()) {
    list.push_back(each.get<T>());
  }
  return list;
}

const char* word_for(Verdict::Kind kind) {
  return kind == Verdict::Kind::kClean ? "clean" : "findings";
}

}  // namespace

Result<std::unique_ptr<ResultStore>> ResultStore::open(
    const std::filesystem::path& path) {
  PC_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::open(path));
  std::unique_ptr<ResultStore> store(new ResultStore(std::move(database)));
  PC_RETURN_IF_ERROR(store->prepare());
  return store;
}

Status ResultStore::prepare() {
  // Two programs that begin at once do not both make the tables.
  PC_RETURN_IF_ERROR(database_->execute("BEGIN IMMEDIATE"));
  PC_ASSIGN_OR_RETURN(Statement ask, database_->prepare("PRAGMA user_version"));
  PC_ASSIGN_OR_RETURN(const bool row, ask.step());
  const std::int64_t version = row ? ask.integer(0) : 0;
  ask.reset();
  if (version == 0) {
    PC_ASSIGN_OR_RETURN(Statement tables,
                        database_->prepare("SELECT count(*) FROM sqlite_master"));
    PC_ASSIGN_OR_RETURN(const bool counted, tables.step());
    const bool foreign = counted && tables.integer(0) > 0;
    tables.reset();
    if (foreign) {
      return fail(ErrorKind::kBadInput, "this database is no results file of powercut",
                  "--results names a file that powercut made, or a new one");
    }
    PC_RETURN_IF_ERROR(
        database_->execute(kSchema + fmt::format("PRAGMA user_version = {}", kVersion)));
  } else if (version != kVersion) {
    return fail(ErrorKind::kUsage,
                fmt::format("the results file is of version {}, and this program knows "
                            "version {}",
                            version, kVersion),
                "use the powercut that made it, or another file");
  }
  PC_RETURN_IF_ERROR(database_->execute("COMMIT"));
  PC_ASSIGN_OR_RETURN(
      Statement add,
      database_->prepare("INSERT OR IGNORE INTO runs VALUES (?1, ?2, ?3, ?4)"));
  add_run_ = std::move(add);
  PC_ASSIGN_OR_RETURN(
      Statement find,
      database_->prepare("SELECT outcome FROM runs WHERE subject = ?1 AND state = ?2"));
  find_run_ = std::move(find);
  return {};
}

Result<SubjectId> ResultStore::subject(const std::string& key) {
  const std::lock_guard<std::mutex> lock(mutex_);
  PC_ASSIGN_OR_RETURN(
      Statement add,
      database_->prepare("INSERT OR IGNORE INTO subjects (key) VALUES (?1)"));
  PC_RETURN_IF_ERROR(add.bind(1, key).run());
  PC_ASSIGN_OR_RETURN(Statement find,
                      database_->prepare("SELECT id FROM subjects WHERE key = ?1"));
  PC_ASSIGN_OR_RETURN(const bool row, find.bind(1, key).step());
  return row ? find.integer(0) : 0;
}

Result<SessionId> ResultStore::begin_session(SubjectId subject,
                                             const SessionStart& start) {
  const std::lock_guard<std::mutex> lock(mutex_);
  PC_ASSIGN_OR_RETURN(
      Statement add,
      database_->prepare("INSERT INTO sessions (subject, words, directory, environment, "
                         "question) VALUES (?1, ?2, ?3, ?4, ?5)"));
  PC_RETURN_IF_ERROR(add.bind(1, subject)
                         .bind(2, to_json(start.words))
                         .bind(3, start.directory.native())
                         .bind(4, start.environment)
                         .bind(5, start.question)
                         .run());
  return database_->last_row_id();
}

Status ResultStore::add_windows(
    SessionId session, const std::vector<std::pair<std::size_t, std::uint32_t>>& cuts) {
  const std::lock_guard<std::mutex> lock(mutex_);
  PC_RETURN_IF_ERROR(database_->execute("BEGIN IMMEDIATE"));
  PC_ASSIGN_OR_RETURN(Statement add,
                      database_->prepare("INSERT INTO windows VALUES (?1, ?2, ?3)"));
  for (const auto& [number, cut] : cuts) {
    PC_RETURN_IF_ERROR(add.bind(1, session)
                           .bind(2, static_cast<std::int64_t>(number))
                           .bind(3, std::int64_t{cut})
                           .run());
  }
  return database_->execute("COMMIT");
}

Status ResultStore::end_session(SessionId session, const SessionEnd& end,
                                const std::vector<StoredFinding>& findings) {
  const std::lock_guard<std::mutex> lock(mutex_);
  PC_RETURN_IF_ERROR(database_->execute("BEGIN IMMEDIATE"));
  PC_ASSIGN_OR_RETURN(
      Statement add,
      database_->prepare("INSERT INTO findings VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  std::int64_t number = 0;
  for (const StoredFinding& finding : findings) {
    PC_RETURN_IF_ERROR(add.bind(1, session)
                           .bind(2, ++number)
                           .bind(3, finding.signature)
                           .bind(4, finding.state_id)
                           .bind(5, finding.summary)
                           .bind(6, finding.states)
                           .bind(7, nlohmann::json(finding.windows).dump())
                           .run());
  }
  PC_ASSIGN_OR_RETURN(
      Statement update,
      database_->prepare(
          "UPDATE sessions SET ended = strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), "
          "exit_code = ?2, decided = ?3, certificate = ?4, report = ?5 WHERE id = ?1"));
  PC_RETURN_IF_ERROR(update.bind(1, session)
                         .bind(2, std::int64_t{end.exit_code})
                         .bind(3, std::int64_t{end.decided})
                         .bind(4, end.certificate)
                         .bind(5, end.report)
                         .run());
  // Checks that did not end, and that this one makes needless to resume.
  for (const char* sql :
       {"DELETE FROM windows WHERE session IN (SELECT o.id FROM sessions o, sessions s "
        "WHERE s.id = ?1 AND o.id < ?1 AND o.ended IS NULL AND o.subject = s.subject AND "
        "o.question = s.question)",
        "DELETE FROM sessions WHERE id < ?1 AND ended IS NULL AND (subject, question) = "
        "(SELECT subject, question FROM sessions WHERE id = ?1)"}) {
    PC_ASSIGN_OR_RETURN(Statement forget, database_->prepare(sql));
    PC_RETURN_IF_ERROR(forget.bind(1, session).run());
  }
  return database_->execute("COMMIT");
}

// The first row of a statement that begins with kSessionColumns.
Result<std::optional<StoredSession>> ResultStore::session_from(Statement& find) {
  PC_ASSIGN_OR_RETURN(const bool row, find.step());
  if (!row) {
    return std::optional<StoredSession>();
  }
  int column = 0;
  StoredSession session;
  session.id = find.integer(column++);
  session.start.words = list_from_json<std::string>(find.text(column++));
  session.start.directory = find.text(column++);
  session.start.environment = find.text(column++);
  session.start.question = find.text(column++);
  session.started = find.text(column++);
  session.subject = find.text(column++);
  session.ended = find.integer(column++) != 0;
  session.end.exit_code = static_cast<int>(find.integer(column++));
  session.end.decided = find.integer(column++) != 0;
  session.end.certificate = find.text(column++);
  session.end.report = find.text(column++);
  find.reset();
  return std::optional(std::move(session));
}

Result<std::optional<StoredSession>> ResultStore::last_session(bool open_only) {
  const std::lock_guard<std::mutex> lock(mutex_);
  PC_ASSIGN_OR_RETURN(
      Statement find,
      database_->prepare(kSessionColumns + "WHERE ?1 = 0 OR s.ended IS NULL "
                                           "ORDER BY s.id DESC LIMIT 1"));
  find.bind(1, std::int64_t{open_only});
  return session_from(find);
}

Result<std::optional<StoredSession>> ResultStore::last_ended_session() {
  const std::lock_guard<std::mutex> lock(mutex_);
  PC_ASSIGN_OR_RETURN(Statement find,
                      database_->prepare(kSessionColumns + "WHERE s.ended IS NOT NULL "
                                                           "ORDER BY s.id DESC LIMIT 1"));
  return session_from(find);
}

Result<std::vector<std::pair<SessionId, std::string>>> ResultStore::ended_sessions() {
  const std::lock_guard<std::mutex> lock(mutex_);
  PC_ASSIGN_OR_RETURN(
      Statement find,
      database_->prepare("SELECT s.id, b.key FROM sessions s JOIN subjects b ON b.id = "
                         "s.subject WHERE s.ended IS NOT NULL ORDER BY s.id DESC"));
  std::vector<std::pair<SessionId, std::string>> sessions;
  PC_ASSIGN_OR_RETURN(bool row, find.step());
  while (row) {
    sessions.emplace_back(find.integer(0), find.text(1));
    PC_ASSIGN_OR_RETURN(row, find.step());
  }
  return sessions;
}

Result<std::optional<StoredSession>> ResultStore::answer(SubjectId subject,
                                                         const std::string& question) {
  const std::lock_guard<std::mutex> lock(mutex_);
  PC_ASSIGN_OR_RETURN(
      Statement find,
      database_->prepare(kSessionColumns + "WHERE s.subject = ?1 AND s.question = ?2 AND "
                                           "s.decided = 1 ORDER BY s.id DESC LIMIT 1"));
  find.bind(1, subject).bind(2, question);
  return session_from(find);
}

Result<std::vector<StoredFinding>> ResultStore::findings(SessionId session) {
  const std::lock_guard<std::mutex> lock(mutex_);
  PC_ASSIGN_OR_RETURN(
      Statement find,
      database_->prepare("SELECT signature, state, summary, states, windows FROM "
                         "findings WHERE session = ?1 ORDER BY number"));
  find.bind(1, session);
  std::vector<StoredFinding> findings;
  PC_ASSIGN_OR_RETURN(bool row, find.step());
  while (row) {
    findings.push_back(StoredFinding{std::string(find.text(0)), std::string(find.text(1)),
                                     std::string(find.text(2)), std::string(find.text(3)),
                                     list_from_json<std::size_t>(find.text(4))});
    PC_ASSIGN_OR_RETURN(row, find.step());
  }
  return findings;
}

Status ResultStore::add_run(SubjectId subject, const std::string& state_id,
                            const RunOutcome& outcome) {
  const std::vector<std::byte> bytes = outcome_to_cbor(outcome);
  Verdict::Kind kind = Verdict::Kind::kClean;
  for (const ProbeOutcome& probe : outcome.probes) {
    kind =
        probe.verdict.kind == Verdict::Kind::kFindings ? Verdict::Kind::kFindings : kind;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  return add_run_->bind(1, subject)
      .bind(2, state_id)
      .bind(3, word_for(kind))
      .bind(4, std::span<const std::byte>(bytes))
      .run();
}

Result<std::optional<RunOutcome>> ResultStore::find_run(SubjectId subject,
                                                        const std::string& state_id) {
  std::vector<std::byte> bytes;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    PC_ASSIGN_OR_RETURN(const bool row,
                        find_run_->bind(1, subject).bind(2, state_id).step());
    if (!row) {
      return std::optional<RunOutcome>();
    }
    const std::span<const std::byte> blob = find_run_->blob(0);
    bytes.assign(blob.begin(), blob.end());
    find_run_->reset();
  }
  PC_ASSIGN_OR_RETURN(RunOutcome outcome, outcome_from_cbor(bytes));
  return std::optional(std::move(outcome));
}

Result<std::vector<std::string>> ResultStore::run_ids(SubjectId subject) {
  const std::lock_guard<std::mutex> lock(mutex_);
  PC_ASSIGN_OR_RETURN(Statement find,
                      database_->prepare("SELECT state FROM runs WHERE subject = ?1"));
  find.bind(1, subject);
  std::vector<std::string> ids;
  PC_ASSIGN_OR_RETURN(bool row, find.step());
  while (row) {
    ids.emplace_back(find.text(0));
    PC_ASSIGN_OR_RETURN(row, find.step());
  }
  return ids;
}

}  // namespace powercut
