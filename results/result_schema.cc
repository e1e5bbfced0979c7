// SPDX-License-Identifier: GPL-2.0-only

#include "results/result_schema.h"

#include <fmt/format.h>

#include <cstdint>

namespace powercut {

namespace {

constexpr std::int64_t kVersion = 2;

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
  cut INTEGER NOT NULL, verdict TEXT, tier TEXT, permitted TEXT, decided TEXT,
  PRIMARY KEY (session, number)) WITHOUT ROWID;
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

// What version 2 has more, and a file of version 1 is given.
constexpr char kClasses[] = R"(
CREATE TABLE classes (
  session INTEGER NOT NULL, window INTEGER NOT NULL, number INTEGER NOT NULL,
  probe TEXT NOT NULL, state TEXT NOT NULL, verdict TEXT NOT NULL, summary TEXT NOT NULL,
  states TEXT NOT NULL, PRIMARY KEY (session, window, number),
  FOREIGN KEY (session, window) REFERENCES windows(session, number)) WITHOUT ROWID;
)";
constexpr char kFromVersion1[] = R"(
ALTER TABLE windows ADD COLUMN verdict TEXT;
ALTER TABLE windows ADD COLUMN tier TEXT;
ALTER TABLE windows ADD COLUMN permitted TEXT;
ALTER TABLE windows ADD COLUMN decided TEXT;
)";

}  // namespace

Status prepare_schema(Database& database) {
  // Two programs that begin at once do not both make the tables.
  PC_RETURN_IF_ERROR(database.execute("BEGIN IMMEDIATE"));
  PC_ASSIGN_OR_RETURN(Statement ask, database.prepare("PRAGMA user_version"));
  PC_ASSIGN_OR_RETURN(const bool row, ask.step());
  const std::int64_t version = row ? ask.integer(0) : 0;
  ask.reset();
  if (version == 0) {
    PC_ASSIGN_OR_RETURN(Statement tables,
                        database.prepare("SELECT count(*) FROM sqlite_master"));
    PC_ASSIGN_OR_RETURN(const bool counted, tables.step());
    const bool foreign = counted && tables.integer(0) > 0;
    tables.reset();
    if (foreign) {
      return fail(ErrorKind::kBadInput, "this database is no results file of powercut",
                  "--results names a file that powercut made, or a new one");
    }
    PC_RETURN_IF_ERROR(database.execute(kSchema));
  } else if (version == 1) {
    PC_RETURN_IF_ERROR(database.execute(kFromVersion1));
  } else if (version != kVersion) {
    return fail(ErrorKind::kUsage,
                fmt::format("the results file is of version {}, and this program knows "
                            "version {}",
                            version, kVersion),
                "use the powercut that made it, or another file");
  }
  if (version != kVersion) {
    PC_RETURN_IF_ERROR(
        database.execute(kClasses + fmt::format("PRAGMA user_version = {}", kVersion)));
  }
  return database.execute("COMMIT");
}

}  // namespace powercut
