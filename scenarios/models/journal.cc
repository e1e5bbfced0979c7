// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/models/journal.h"

#include "checkers/model_journal_format.h"

#include <fmt/format.h>

#include <utility>

namespace powercut {

namespace {

// Of a transaction, so many laps of the journal, and more than one checkpoint.
constexpr std::uint64_t kTransactions = 11;

class JournalModel {
 public:
  JournalModel(ModelQueue& queue, const ModelOptions& options)
      : queue_(queue), options_(options) {}

  Status run() {
    format();
    for (std::uint64_t number = 1; number <= kTransactions; ++number) {
      if (number - first_ == kJournalSlots) {
        checkpoint(number);
      }
      commit(number);
    }
    return queue_.status();
  }

 private:
  ModelQueue::Request write(std::uint64_t block, std::vector<std::byte> data) {
    return queue_.write(0, block * kJournalBlockBytes, std::move(data));
  }

  void write_mark(std::uint64_t block, JournalMark mark, std::uint64_t number) {
    queue_.wait(queue_.write_fua(0, block * kJournalBlockBytes,
                                 encode_journal_mark(mark, number)));
  }

  void format() {
    for (std::uint64_t home = 0; home < kJournalHomes; ++home) {
      write(journal_home_block(home), journal_data(home, 0));
    }
    queue_.settle();
    queue_.wait(queue_.flush(0));
    write_mark(0, JournalMark::kHeader, first_);
    queue_.mark("mkfs");
  }

  // Puts what is committed in its place, and gives the slots free.
  void checkpoint(std::uint64_t next) {
    for (std::uint64_t home = 0; home < kJournalHomes; ++home) {
      const std::uint64_t writer = journal_last_writer(home, next - 1);
      if (writer >= first_) {
        write(journal_home_block(home), journal_data(home, writer));
      }
    }
    queue_.settle();
    queue_.wait(queue_.flush(0));
    first_ = next;
    write_mark(0, JournalMark::kHeader, first_);
  }

  void commit(std::uint64_t number) {
    queue_.mark(fmt::format("begin transaction {}", number));
    for (std::uint64_t i = 0; i < kJournalSlotData; ++i) {
      write(journal_data_block(number, i),
            journal_data(journal_homes(number).at(i), number));
    }
    if (options_.fault) {
      // Some may have completed by luck; at least one is not waited for.
      for (std::uint64_t luck = queue_.random().below(kJournalSlotData); luck > 0;
           --luck) {
        queue_.pass_time();
      }
      flush_too_early();
    } else {
      queue_.settle();
      queue_.wait(queue_.flush(0));
    }
    write_mark(journal_commit_block(number), JournalMark::kCommit, number);
    queue_.mark(fmt::format("ack transaction {}", number));
  }

  // What is in flight completes before the flush does, or after: not covered either way.
  void flush_too_early() {
    if (options_.late) {
      queue_.complete(queue_.flush(0));
      queue_.settle();
      return;
    }
    const ModelQueue::Request flush = queue_.flush(0);
    queue_.settle_all_but(flush);
    queue_.complete(flush);
  }

  ModelQueue& queue_;
  const ModelOptions& options_;
  std::uint64_t first_ = 1;  // transaction that recovery begins with
};

Status run(ModelQueue& queue, const ModelOptions& options) {
  return JournalModel(queue, options).run();
}

}  // namespace

ModelKind journal_model() {
  ModelKind kind;
  kind.name = "journal";
  kind.description = "a journal of blocks whose commit record counts on a flush";
  kind.fault = "it submits the flush before the journal's writes have completed";
  kind.may_be_late = true;
  kind.devices = {model_device("raw", kJournalDiskBytes)};
  kind.run = &run;
  return kind;
}

}  // namespace powercut
