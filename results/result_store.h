// SPDX-License-Identifier: GPL-2.0-only
//
// The results file: what was checked, run by run, so that a check that was ended goes on
// where it was, and one that is made again on the same log with the same checker needs
// no run. An SQLite database; docs/results.md has its tables.
//
// A *subject* is what a run's outcome follows from besides the state: log, model, checker
// and their versions, as one text. A *session* is one call of `check`.

#pragma once

#include "base/result.h"
#include "replay/decided_window.h"
#include "replay/verdict.h"
#include "results/database.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace powercut {

using SubjectId = std::int64_t;
using SessionId = std::int64_t;

struct SessionStart {
  std::vector<std::string> words;   // the command line behind the verb
  std::filesystem::path directory;  // in which it was given
  std::string environment;          // JSON: kernel, program, machine
  // What is asked of the subject: two sessions with equal questions have one answer.
  std::string question;
};

struct SessionEnd {
  int exit_code = 0;
  bool decided = false;     // no budget ended it
  std::string certificate;  // JSON of `check --json`
  std::string report;       // the text
};

struct StoredFinding {
  std::string signature;  // equal: taken for one cause
  std::string state_id;
  std::string summary;
  std::string states;  // decimal
  std::vector<std::size_t> windows;
};

struct StoredSession {
  SessionId id = 0;
  SessionStart start;
  std::string started;  // ISO 8601, UTC
  std::string subject;
  bool ended = false;
  SessionEnd end;  // if it ended
};

// Thread-safe.
class ResultStore {
 public:
  // Makes the file if there is none; gives one of an earlier version what it lacks, which
  // that version's program cannot open any more. A later version: kUsage, with a hint.
  static Result<std::unique_ptr<ResultStore>> open(const std::filesystem::path& path);

  Result<SubjectId> subject(const std::string& key);

  Result<SessionId> begin_session(SubjectId subject, const SessionStart& start);
  Status add_windows(SessionId session,
                     const std::vector<std::pair<std::size_t, std::uint32_t>>& cuts);
  // A window of it, with its classes, in one transaction.
  Status end_window(SessionId session, const DecidedWindow& decided);
  // Ends it, with all that was found, in one transaction; sessions before it with the
  // same subject and question that did not end are forgotten (their runs are not).
  Status end_session(SessionId session, const SessionEnd& end,
                     const std::vector<StoredFinding>& findings);
  // The latest session of this subject and question that decided all.
  Result<std::optional<StoredSession>> answer(SubjectId subject,
                                              const std::string& question);
  // The latest; `open_only`: the latest that did not end.
  Result<std::optional<StoredSession>> last_session(bool open_only);
  Result<std::optional<StoredSession>> last_ended_session();
  // All that ended, the latest first, each with the key of its subject.
  Result<std::vector<std::pair<SessionId, std::string>>> ended_sessions();
  Result<std::vector<StoredFinding>> findings(SessionId session);

  // Stored runs are never changed: the first outcome of a state stays.
  Status add_run(SubjectId subject, const std::string& state_id,
                 const RunOutcome& outcome);
  Result<std::optional<RunOutcome>> find_run(SubjectId subject,
                                             const std::string& state_id);
  Result<std::vector<std::string>> run_ids(SubjectId subject);

 private:
  explicit ResultStore(std::unique_ptr<Database> database)
      : database_(std::move(database)) {}

  Status prepare();
  static Result<std::optional<StoredSession>> session_from(Statement& find);

  std::mutex mutex_;
  std::unique_ptr<Database> database_;
  std::optional<Statement> add_run_;  // guarded by mutex_, as the database is
  std::optional<Statement> find_run_;
};

}  // namespace powercut
