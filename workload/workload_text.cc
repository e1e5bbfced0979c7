// SPDX-License-Identifier: GPL-2.0-only

#include "workload/workload_text.h"

#include "workload/handle_table.h"
#include "workload/operation_fields.h"
#include "workload/operation_table.h"
#include "workload/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

namespace powercut {

namespace {

constexpr std::size_t kMostOperations = 1'000'000;
// Statements looked at: empty repeats within repeats must end too.
constexpr std::size_t kMostSteps = 4 * kMostOperations;
// Bytes of all words: long paths a million times would fill the memory.
constexpr std::size_t kMostTextBytes = 256U << 20;
constexpr std::uint32_t kMostThreads = 64;

// Where a statement stands.
enum class Level { kMain, kThreads, kThread };

// Does the repeats and numbers the threads.
class WorkloadBuilder {
 public:
  explicit WorkloadBuilder(std::string name) : name_(std::move(name)) {}

  Status run(const std::vector<Statement>& statements, Level level) {
    for (const Statement& statement : statements) {
      PC_RETURN_IF_ERROR(run_one(statement, level));
    }
    return {};
  }

  // Where the main thread, or the one at hand, ends.
  Status check_waited() const {
    if (const std::optional<HandleTable::Submitted> write = handles_.in_flight()) {
      return fail_at({name_, write->line},
                     fmt::format("nothing waits for the write {}", write->name),
                     fmt::format("wait {} says where it is complete", write->name));
    }
    return {};
  }

  Workload take() { return std::move(workload_); }

 private:
  Status run_one(const Statement& statement, Level level) {
    const TextPlace place{name_, statement.line};
    if (++steps_ > kMostSteps) {
      return fail_at(place, fmt::format("more than {} operations", kMostOperations),
                     "let the repeats count less far");
    }
    std::vector<Word> words;
    for (const WordPattern& pattern : statement.words) {
      Result<Word> word = pattern.expand(variables_);
      if (!word) {
        return fail(at_place(place, std::move(word).error()));
      }
      text_bytes_ += word->text.size();
      words.push_back(std::move(word).value());
    }
    if (text_bytes_ > kMostTextBytes) {
      return fail_at(place, fmt::format("more than {} bytes of words", kMostTextBytes));
    }
    const std::string& name = words[0].text;
    if (name == "repeat") {
      return repeat(statement, words, place, level);
    }
    if (name == "threads") {
      return threads(statement, words, place, level);
    }
    if (name == "thread") {
      return thread(statement, words, place, level);
    }
    if (statement.has_block) {
      return fail_at(place, fmt::format("{} has no block", shown(name)),
                     "only repeat, threads and thread have one");
    }
    if (level == Level::kThreads) {
      return fail_at(place, fmt::format("{} among threads", shown(name)),
                     "threads { thread NAME { operations } ... }");
    }
    return add(words, place);
  }

  Status repeat(const Statement& statement, const std::vector<Word>& words,
                const TextPlace& place, Level level) {
    if (words.size() != 4 || !statement.has_block) {
      return fail_at(place, "repeat: wrong words",
                     "usage: repeat VAR FIRST LAST { ... }");
    }
    const std::string& name = words[1].text;
    const bool good = !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
                      std::all_of(name.begin(), name.end(), [](char c) {
                        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                               (c >= '0' && c <= '9') || c == '_';
                      });
    if (!good) {
      return fail_at(place, fmt::format("repeat: {} is no name", shown(name)),
                     "letters, digits and _");
    }
    std::array<std::uint64_t, 2> bounds{};
    for (std::size_t i = 0; i < 2; ++i) {
      Result<std::uint64_t> number =
          parse_number(words[2 + i].text, i == 0 ? "repeat: first" : "repeat: last",
                       kMostOperations * 1000, false);
      if (!number) {
        return fail(at_place(place, std::move(number).error()));
      }
      bounds.at(i) = *number;
    }
    if (bounds[0] > bounds[1]) {
      return fail_at(place, fmt::format("repeat: from {} to {}", bounds[0], bounds[1]),
                     "it counts upwards");
    }
    variables_.emplace_back(name, 0);
    for (std::uint64_t value = bounds[0]; value <= bounds[1]; ++value) {
      if (++steps_ > kMostSteps) {
        return fail_at(place, fmt::format("more than {} operations", kMostOperations),
                       "let the repeats count less far");
      }
      variables_.back().second = value;
      PC_RETURN_IF_ERROR(run(statement.block, level));
    }
    variables_.pop_back();
    return {};
  }

  Status threads(const Statement& statement, const std::vector<Word>& words,
                 const TextPlace& place, Level level) {
    if (words.size() != 1 || !statement.has_block) {
      return fail_at(place, "threads: wrong words",
                     "usage: threads { thread NAME { operations } ... }");
    }
    if (level != Level::kMain) {
      return fail_at(place, "threads within threads");
    }
    const std::size_t first = workload_.operations.size();
    thread_names_.clear();
    handles_.begin_group();
    PC_RETURN_IF_ERROR(run(statement.block, Level::kThreads));
    handles_.end_group();
    if (thread_names_.empty()) {
      return fail_at(place, "threads without a thread");
    }
    workload_.groups.push_back({first, workload_.operations.size()});
    return {};
  }

  Status thread(const Statement& statement, const std::vector<Word>& words,
                const TextPlace& place, Level level) {
    if (words.size() != 2 || !statement.has_block) {
      return fail_at(place, "thread: wrong words",
                     "usage: thread NAME { operations }, within threads");
    }
    if (level != Level::kThreads) {
      return fail_at(place, "a thread outside of threads",
                     "threads { thread NAME { operations } ... }");
    }
    if (!thread_names_.insert(words[1].text).second) {
      return fail_at(place, fmt::format("thread {} twice", shown(words[1].text)));
    }
    if (thread_names_.size() > kMostThreads) {
      return fail_at(place, fmt::format("more than {} threads at once", kMostThreads));
    }
    const std::size_t first = workload_.operations.size();
    thread_ = static_cast<std::uint32_t>(thread_names_.size());
    handles_.begin_thread();
    PC_RETURN_IF_ERROR(run(statement.block, Level::kThread));
    PC_RETURN_IF_ERROR(check_waited());
    handles_.end_thread();
    thread_ = 0;
    if (workload_.operations.size() == first) {
      return fail_at(place, fmt::format("thread {} does nothing", shown(words[1].text)));
    }
    return {};
  }

  Status add(const std::vector<Word>& words, const TextPlace& place) {
    if (workload_.operations.size() == kMostOperations) {
      return fail_at(place, fmt::format("more than {} operations", kMostOperations),
                     "let the repeats count less far");
    }
    Result<Operation> operation = read_operation(words);
    if (!operation) {
      return fail(at_place(place, std::move(operation).error()));
    }
    operation->line = place.line;
    operation->thread = thread_;
    Status taken = handles_.take(*operation);
    if (!taken) {
      return fail(at_place(place, std::move(taken).error()));
    }
    workload_.operations.push_back(std::move(operation).value());
    return {};
  }

  std::string name_;
  Workload workload_;
  Variables variables_;
  HandleTable handles_;
  std::set<std::string> thread_names_;  // of the group
  std::uint32_t thread_ = 0;
  std::size_t steps_ = 0;
  std::size_t text_bytes_ = 0;
};

}  // namespace

Result<Workload> parse_workload(std::string_view text, const TextPlace& place) {
  PC_ASSIGN_OR_RETURN(const std::vector<Statement> statements,
                      read_statements(text, place));
  WorkloadBuilder builder(place.name);
  PC_RETURN_IF_ERROR(builder.run(statements, Level::kMain));
  PC_RETURN_IF_ERROR(builder.check_waited());
  return builder.take();
}

std::string to_text(const Operation& operation) {
  const OperationSpec& spec = spec_of(operation.kind);
  std::string text = spec.name;
  for (const OperationField* field : spec.fields) {
    text += fmt::format(" {}", field->print(operation));
  }
  return spec.options == nullptr ? text : text + spec.options->print(operation);
}

std::string to_text(const Workload& workload) {
  std::string text;
  auto group = workload.groups.begin();
  std::uint32_t thread = 0;
  for (std::size_t i = 0; i < workload.operations.size(); ++i) {
    const Operation& operation = workload.operations[i];
    if (group != workload.groups.end() && i == group->first) {
      text += "threads {\n";
    }
    if (operation.thread != thread) {
      thread = operation.thread;
      text += fmt::format("  thread t{} {{\n", thread);
    }
    text += fmt::format("{}{}\n", thread == 0 ? "" : "    ", to_text(operation));
    const bool group_ends = group != workload.groups.end() && i + 1 == group->last;
    const bool thread_ends = group_ends || i + 1 == workload.operations.size() ||
                             workload.operations[i + 1].thread != thread;
    if (thread != 0 && thread_ends) {
      text += "  }\n";
    }
    if (group_ends) {
      text += "}\n";
      thread = 0;
      ++group;
    }
  }
  return text;
}

bool is_acknowledgement(const Operation& operation) {
  switch (operation.kind) {
    case OpKind::kFsync:
    case OpKind::kFdatasync:
    case OpKind::kSync:
    case OpKind::kSyncfs:
    case OpKind::kMsync:
    case OpKind::kAcknowledge:
    case OpKind::kClaim:
      return true;
    case OpKind::kWrite:
    case OpKind::kAppend:
      return !operation.handle.empty() && (operation.flags.sync || operation.flags.dsync);
    case OpKind::kWait:
      return operation.flags.sync || operation.flags.dsync;
    default:
      return false;
  }
}

}  // namespace powercut
