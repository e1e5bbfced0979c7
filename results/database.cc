// SPDX-License-Identifier: GPL-2.0-only

#include "results/database.h"

#include <fmt/format.h>

#include <sqlite3.h>

namespace powercut {

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Statement& Statement::bind(int parameter, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), parameter, value);
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), parameter, text.data(), text.size(),
                      SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind(int parameter, std::span<const std::byte> blob) {
  sqlite3_bind_blob64(statement_.get(), parameter, blob.data(), blob.size(),
                      SQLITE_TRANSIENT);
  return *this;
}

Result<bool> Statement::step() {
  switch (sqlite3_step(statement_.get())) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      reset();
      return false;
    default: {
      Error error = database_->error("cannot read or write");
      reset();
      return fail(std::move(error));
    }
  }
}

Status Statement::run() {
  PC_ASSIGN_OR_RETURN(bool row, step());
  while (row) {
    PC_ASSIGN_OR_RETURN(row, step());
  }
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
  const auto* const text = sqlite3_column_text(statement_.get(), column);
  const int bytes = sqlite3_column_bytes(statement_.get(), column);
  return text == nullptr ? std::string_view()
                         : std::string_view(reinterpret_cast<const char*>(text),
                                            static_cast<std::size_t>(bytes));
}

std::span<const std::byte> Statement::blob(int column) const {
  const void* const blob = sqlite3_column_blob(statement_.get(), column);
  const int bytes = sqlite3_column_bytes(statement_.get(), column);
  return {static_cast<const std::byte*>(blob), static_cast<std::size_t>(bytes)};
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& path) {
  constexpr int kBusyMilliseconds = 5000;
  std::unique_ptr<Database> database(new Database());
  database->path_ = path;
  const int code = sqlite3_open_v2(path.c_str(), &database->handle_,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  if (code != SQLITE_OK) {
    return fail(database->error("cannot open"));
  }
  sqlite3_busy_timeout(database->handle_, kBusyMilliseconds);
  // A write-ahead log: a commit is one write, and needs no fsync to outlive the process.
  PC_RETURN_IF_ERROR(database->execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON"));
  return database;
}

Database::~Database() {
  sqlite3_close_v2(handle_);
}

Status Database::execute(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return fail(error("cannot use"));
  }
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &statement,
                         nullptr) != SQLITE_OK) {
    return fail(error("cannot use"));
  }
  return Statement(*this, statement);
}

std::int64_t Database::last_row_id() const {
  return sqlite3_last_insert_rowid(handle_);
}

Error Database::error(std::string_view what) const {
  const int code = sqlite3_errcode(handle_);
  const bool bad = code == SQLITE_NOTADB || code == SQLITE_CORRUPT;
  return Error{bad ? ErrorKind::kBadInput : ErrorKind::kSystem,
               fmt::format("{} the results file {}: {}", what, path_.native(),
                           sqlite3_errmsg(handle_)),
               bad ? "--results names a file that powercut made, or a new one" : ""};
}

}  // namespace powercut
