// SPDX-License-Identifier: GPL-2.0-only

#include "results/result_store.h"

#include "results/outcome_cbor.h"
#include "results/result_schema.h"

#include <nlohmann/json.hpp>

namespace powercut {

namespace {

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
  switch (kind) {
    case Verdict::Kind::kClean:
      return "clean";
    case Verdict::Kind::kFindings:
      return "findings";
    case Verdict::Kind::kInconclusive:
      break;
  }
  return "inconclusive";
}

const char* word_for(DecidedWindow::Tier tier) {
  switch (tier) {
    case DecidedWindow::Tier::kProved:
      return "proved";
    case DecidedWindow::Tier::kInferred:
      return "inferred";
    case DecidedWindow::Tier::kOpen:
      break;
  }
  return "open";
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
  PC_RETURN_IF_ERROR(prepare_schema(*database_));
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
                      database_->prepare("INSERT INTO windows (session, number, cut) "
                                         "VALUES (?1, ?2, ?3)"));
  for (const auto& [number, cut] : cuts) {
    PC_RETURN_IF_ERROR(add.bind(1, session)
                           .bind(2, static_cast<std::int64_t>(number))
                           .bind(3, std::int64_t{cut})
                           .run());
  }
  return database_->execute("COMMIT");
}

Status ResultStore::end_window(SessionId session, const DecidedWindow& decided) {
  const auto window = static_cast<std::int64_t>(decided.window.number);
  const std::lock_guard<std::mutex> lock(mutex_);
  PC_RETURN_IF_ERROR(database_->execute("BEGIN IMMEDIATE"));
  PC_ASSIGN_OR_RETURN(
      Statement update,
      database_->prepare("UPDATE windows SET verdict = ?3, tier = ?4, permitted = ?5, "
                         "decided = ?6 WHERE session = ?1 AND number = ?2"));
  PC_RETURN_IF_ERROR(update.bind(1, session)
                         .bind(2, window)
                         .bind(3, word_for(decided.kind()))
                         .bind(4, word_for(decided.tier))
                         .bind(5, to_decimal(decided.permitted))
                         .bind(6, to_decimal(decided.decided))
                         .run());
  PC_ASSIGN_OR_RETURN(
      Statement add,
      database_->prepare("INSERT INTO classes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
  std::int64_t number = 0;
  for (const StateClass& each : decided.classes) {
    PC_RETURN_IF_ERROR(add.bind(1, session)
                           .bind(2, window)
                           .bind(3, ++number)
                           .bind(4, each.probe)
                           .bind(5, each.state_id)
                           .bind(6, word_for(each.kind))
                           .bind(7, each.summary)
                           .bind(8, to_decimal(each.states))
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
  // Checks that did not end are needless to resume now. One of them may still be under
  // way: it goes on, and ends as itself.
  PC_ASSIGN_OR_RETURN(
      Statement close,
      database_->prepare(
          "UPDATE sessions SET ended = strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), "
          "decided = 0 WHERE id < ?1 AND ended IS NULL AND (subject, question) = "
          "(SELECT subject, question FROM sessions WHERE id = ?1)"));
  PC_RETURN_IF_ERROR(close.bind(1, session).run());
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
  PC_ASSIGN_OR_RETURN(
      Statement find,
      database_->prepare(kSessionColumns + "WHERE s.certificate IS NOT NULL "
                                           "ORDER BY s.id DESC LIMIT 1"));
  return session_from(find);
}

Result<std::vector<std::pair<SessionId, std::string>>> ResultStore::ended_sessions() {
  const std::lock_guard<std::mutex> lock(mutex_);
  PC_ASSIGN_OR_RETURN(
      Statement find,
      database_->prepare("SELECT s.id, b.key FROM sessions s JOIN subjects b ON b.id = "
                         "s.subject WHERE s.certificate IS NOT NULL ORDER BY s.id DESC"));
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
