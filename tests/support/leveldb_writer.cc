// SPDX-License-Identifier: GPL-2.0-only
//
// The program of the LevelDB scenarios (scenarios/library/applications/leveldb-*).
//
//   leveldb_writer write DIR COUNT sync|nosync   puts COUNT keys, one write each, and
//                                                marks "begin N" and "ack N" around it
//   leveldb_writer read DIR                      prints "have N" for each key
//
// read ends with 1 and a message if the database cannot be opened, a block has a wrong
// checksum, or a key has not its value. A database that was never made has no keys. It
// opens as programs do by default: a torn end of the log, which was not acknowledged, is
// dropped; that acknowledged keys are there is for the caller to compare.

#include <leveldb/db.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>

namespace {

constexpr std::size_t kValueBytes = 1000;

std::string value_of(const std::string& key) {
  std::string value;
  while (value.size() < kValueBytes) {
    value += key + " ";
  }
  return value;
}

bool mark(const std::string& text) {
  // The text is made here, of letters, digits and a blank: nothing to quote.
  const std::string command = "powercut mark '" + text + "'";
  if (std::system(command.c_str()) == 0) {
    return true;
  }
  std::cerr << "leveldb_writer: " << command << " failed\n";
  return false;
}

int complain(const leveldb::Status& status) {
  std::cout << status.ToString() << "\n";
  return 1;
}

std::unique_ptr<leveldb::DB> open(const std::string& directory, bool create,
                                  leveldb::Status& status) {
  leveldb::Options options;
  options.create_if_missing = create;
  leveldb::DB* database = nullptr;
  status = leveldb::DB::Open(options, directory, &database);
  return std::unique_ptr<leveldb::DB>(database);
}

int write(const std::string& directory, int count, bool sync) {
  leveldb::Status status;
  const std::unique_ptr<leveldb::DB> database = open(directory, true, status);
  leveldb::WriteOptions options;
  options.sync = sync;
  for (int i = 1; status.ok() && i <= count; ++i) {
    const std::string key = std::to_string(i);
    if (!mark("begin " + key)) {
      return 1;
    }
    status = database->Put(options, key, value_of(key));
    if (status.ok() && !mark("ack " + key)) {
      return 1;
    }
  }
  return status.ok() ? 0 : complain(status);
}

int read(const std::string& directory) {
  if (!std::filesystem::exists(std::filesystem::path(directory) / "CURRENT")) {
    return 0;
  }
  leveldb::Status status;
  const std::unique_ptr<leveldb::DB> database = open(directory, false, status);
  if (!status.ok()) {
    return complain(status);
  }
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  const std::unique_ptr<leveldb::Iterator> each(database->NewIterator(options));
  for (each->SeekToFirst(); each->Valid(); each->Next()) {
    const std::string key = each->key().ToString();
    if (each->value().ToString() != value_of(key)) {
      std::cout << "key " << key << " has another value\n";
      return 1;
    }
    std::cout << "have " << key << "\n";
  }
  return each->status().ok() ? 0 : complain(each->status());
}

}  // namespace

int main(int count, char** words) {
  const std::string verb = count > 1 ? words[1] : "";
  const std::string last = count == 5 ? words[4] : "";
  if (verb == "write" && (last == "sync" || last == "nosync")) {
    return write(words[2], std::atoi(words[3]), last == "sync");
  }
  if (verb == "read" && count == 3) {
    return read(words[2]);
  }
  std::cerr << "usage: leveldb_writer write DIR COUNT sync|nosync\n"
               "       leveldb_writer read DIR\n";
  return 2;
}
