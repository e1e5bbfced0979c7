// SPDX-License-Identifier: GPL-2.0-only
//
// Which handles are open at a place of a workload's text, and which thread opened them.
// Looks at operations only; opens nothing.

#pragma once

#include "base/result.h"
#include "workload/operation.h"

#include <cstdint>
#include <map>
#include <string>

namespace powercut {

class HandleTable {
 public:
  // Operations that follow are of a new thread of a group, or of the main one again.
  void begin_group() { group_names_.clear(); }

  void begin_thread() { thread_ = ++threads_; }

  void end_thread() { thread_ = 0; }

  void end_group() { group_names_.clear(); }

  // Takes the next operation of the text; gives a write the flags of its handle. Errors
  // have no place yet.
  Status take(Operation& operation);

 private:
  struct Opened {
    std::uint64_t thread = 0;  // counted over the whole text; 0: the main one
    std::size_t line = 0;
    OpenFlags flags;
  };

  Status open(const Operation& operation);
  Status use(const std::string& handle, Operation& operation, bool changes);
  Status check_thread(const std::string& handle, std::uint64_t owner) const;

  std::map<std::string, Opened> opened_;
  // Threads of a group run at once, so no two may have one name even in turn.
  std::map<std::string, std::uint64_t> group_names_;
  std::uint64_t threads_ = 0;
  std::uint64_t thread_ = 0;
};

}  // namespace powercut
