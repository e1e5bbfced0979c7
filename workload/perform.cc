// SPDX-License-Identifier: GPL-2.0-only

#include "workload/perform.h"

#include "base/signals.h"
#include "workload/file_model.h"
#include "workload/perform_step.h"
#include "workload/workload_text.h"

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace powercut {
namespace {

// What a mark may have, less what stands before the list of inodes.
constexpr std::size_t kMaxListBytes = 3900;

// Modes are to be those that the operations say. A property of the whole process.
class NoUmask {
 public:
  NoUmask() : before_(::umask(0)) {}

  ~NoUmask() { ::umask(before_); }

  NoUmask(const NoUmask&) = delete;
  NoUmask& operator=(const NoUmask&) = delete;

 private:
  mode_t before_;
};

class Performer {
 public:
  // `model`: of a workload that reads, else null.
  Performer(const Workload& workload, const PerformOptions& options, const RootDir& root,
            const FileModel* model)
      : workload_(workload), options_(options), root_(root), model_(model) {}

  Result<PerformResult> run();

 private:
  void run_main(std::size_t first, std::size_t last);
  void run_group(std::size_t number);
  bool perform_one(std::size_t number, OpenFiles::Scope scope);
  bool note_success(const PerformStep& step);
  bool note_failure(std::size_t number, int error_number);
  bool note_trouble(std::size_t number, Error error);
  bool mark(const std::string& text);
  bool mark_with_made(const std::string& text);

  bool over() const { return stopped_ || result_.failed; }

  const Workload& workload_;
  const PerformOptions& options_;
  const RootDir& root_;
  const FileModel* model_;
  OpenFiles files_;
  SubmittedWrites submitted_;
  std::atomic<bool> stopped_{false};  // a mark was refused, or Ctrl-C
  // Held while a mark is on its way, too: one at a time.
  std::mutex mutex_;
  PerformResult result_;
  std::optional<Error> error_;
  // Operations and what they made, since the last mark that told.
  std::vector<std::pair<std::size_t, std::uint64_t>> made_;
};

bool Performer::mark(const std::string& text) {
  if (stopped_) {
    return false;
  }
  const Status marked = options_.mark(text);
  if (!marked) {
    error_ = marked.error();
    stopped_ = true;
  }
  return marked.has_value();
}

// What does not fit into one mark goes before it, in marks "made I:INO ...".
bool Performer::mark_with_made(const std::string& text) {
  std::string list;
  for (const auto& [operation, inode] : std::exchange(made_, {})) {
    if (list.size() > kMaxListBytes - 48) {  // two numbers of 20 digits
      if (!mark("made" + list)) {
        return false;
      }
      list.clear();
    }
    list += fmt::format(" {}:{}", operation, inode);
  }
  return mark(text + list);
}

bool Performer::note_success(const PerformStep& step) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++result_.done;
  if (step.made_inode) {
    made_.emplace_back(step.number, *step.made_inode);
  }
  if (step.operation.kind == OpKind::kMark) {
    return mark(step.operation.text);
  }
  return !is_acknowledgement(step.operation) ||
         mark_with_made(fmt::format("ack {}", step.number));
}

bool Performer::note_failure(std::size_t number, int error_number) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (interrupted() && !error_) {
    error_ = Error{ErrorKind::kInterrupted, "interrupted", {}};
    stopped_ = true;
    return false;
  }
  if (!result_.failed) {
    result_.failed = true;
    result_.failure = {number, error_number};
  }
  mark_with_made(fmt::format("failed {} {}", number, error_number));
  return false;
}

// The first counts.
bool Performer::note_trouble(std::size_t number, Error error) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!error_) {
    error.message = fmt::format("line {}: '{}': {}", workload_.operations[number].line,
                                to_text(workload_.operations[number]), error.message);
    error_ = std::move(error);
  }
  stopped_ = true;
  return false;
}

// False: nothing of this thread may follow.
bool Performer::perform_one(std::size_t number, OpenFiles::Scope scope) {
  if (stopped_) {
    return false;
  }
  if (interrupted()) {
    return note_failure(number, EINTR);
  }
  PerformStep step{workload_.operations[number],
                   number,
                   root_,
                   files_,
                   submitted_,
                   scope,
                   options_,
                   model_,
                   {},
                   {}};
  const int failed = do_step(step);
  if (step.trouble) {
    return note_trouble(number, std::move(*step.trouble));
  }
  return failed == 0 ? note_success(step) : note_failure(number, failed);
}

void Performer::run_main(std::size_t first, std::size_t last) {
  for (std::size_t i = first; i < last && perform_one(i, 0); ++i) {
  }
}

void Performer::run_group(std::size_t number) {
  const Workload::Group& group = workload_.groups[number];
  std::map<std::uint32_t, std::vector<std::size_t>> rows;
  for (std::size_t i = group.first; i < group.last; ++i) {
    rows[workload_.operations[i].thread].push_back(i);
  }
  std::vector<std::jthread> threads;
  threads.reserve(rows.size());
  for (const auto& [thread, row] : rows) {
    const OpenFiles::Scope scope = (OpenFiles::Scope{number + 1} << 32) | thread;
    threads.emplace_back([this, scope, &numbers = row] {
      for (std::size_t i = 0; i < numbers.size() && perform_one(numbers[i], scope); ++i) {
      }
    });
  }
}

Result<PerformResult> Performer::run() {
  mark("begin");
  std::size_t next = 0;
  for (std::size_t i = 0; i < workload_.groups.size() && !over(); ++i) {
    run_main(next, workload_.groups[i].first);
    if (!over()) {
      run_group(i);
      next = workload_.groups[i].last;
    }
  }
  if (!over()) {
    run_main(next, workload_.operations.size());
  }
  if (!over()) {
    mark_with_made("operations-done");
  }
  if (error_) {
    return fail(std::move(*error_));
  }
  return result_;
}

}  // namespace

Result<PerformResult> perform(const Workload& workload, const PerformOptions& options) {
  PC_ASSIGN_OR_RETURN(const RootDir root, options.disk.empty()
                                              ? RootDir::open(options.root)
                                              : RootDir::open_disk(options.disk));
  std::optional<FileModel> model;
  if (std::ranges::any_of(workload.operations, [](const Operation& operation) {
        return operation.kind == OpKind::kRead;
      })) {
    PC_ASSIGN_OR_RETURN(model, FileModel::build(workload));
  }
  const NoUmask no_umask;
  return Performer(workload, options, root, model ? &*model : nullptr).run();
}

}  // namespace powercut
