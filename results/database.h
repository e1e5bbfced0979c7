// SPDX-License-Identifier: GPL-2.0-only
//
// An SQLite database file and its statements, as RAII. Nothing of powercut in here.

#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace powercut {

class Database;

// One prepared statement, used again and again: bind all parameters (from 1), step until
// there is no row, and bind anew. Belongs to its database.
class Statement {
 public:
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, std::string_view text);
  Statement& bind(int parameter, std::span<const std::byte> blob);

  // True: there is a row. After the last one it is ready to be bound again.
  Result<bool> step();
  // Runs it to its end, for statements without rows.
  Status run();
  // Ends it before its last row.
  void reset();

  // Columns of the row, from 0. Views last until the next step.
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;
  std::span<const std::byte> blob(int column) const;

 private:
  friend class Database;

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  Statement(const Database& database, sqlite3_stmt* statement)
      : database_(&database), statement_(statement) {}

  const Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// Move-only. Used by one thread at a time.
class Database {
 public:
  // Makes the file if there is none. A file that is no database, or that another program
  // writes to for more than some seconds: an Error. Commits survive the end of the
  // process by any signal; a power cut can lose the latest.
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Several statements without parameters.
  Status execute(const std::string& sql);
  Result<Statement> prepare(std::string_view sql);
  std::int64_t last_row_id() const;

  // "FILE: WHAT: WHAT SQLITE SAYS".
  Error error(std::string_view what) const;

 private:
  Database() = default;

  std::filesystem::path path_;
  sqlite3* handle_ = nullptr;
};

}  // namespace powercut
