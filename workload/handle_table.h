// SPDX-License-Identifier: GPL-2.0-only
//
// Which handles are open at a place of a workload's text, which submitted writes are in
// flight, and whose they are. Looks at operations only; opens nothing.

#pragma once

#include "base/result.h"
#include "workload/operation.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace powercut {

class HandleTable {
 public:
  // Operations that follow are of a new thread of a group, or of the main one again.
  void begin_group() { group_names_.clear(); }

  void begin_thread() { thread_ = ++threads_; }

  void end_thread() { thread_ = 0; }

  void end_group() { group_names_.clear(); }

  // Takes the next operation of the text; gives a write, and the wait for a submitted
  // one, the flags of its handle. Errors have no place yet.
  Status take(Operation& operation);

  struct Submitted {
    std::uint64_t thread = 0;
    std::size_t line = 0;
    std::string name;
    std::string handle;
    OpenFlags flags;        // of the handle
    bool in_flight = true;  // not waited for
  };

  // A submitted write of the thread at hand that nothing has waited for.
  std::optional<Submitted> in_flight() const;

 private:
  struct Opened {
    std::uint64_t thread = 0;  // counted over the whole text; 0: the main one
    std::size_t line = 0;
    OpenFlags flags;
  };

  Status open(const Operation& operation);
  Status use(const std::string& handle, Operation& operation, bool changes);
  Status submit(const Operation& operation, const Opened& handle);
  Status use_submitted(Operation& operation);
  Status check_thread(const std::string& what, std::uint64_t owner) const;

  std::map<std::string, Opened> opened_;
  std::map<std::string, Submitted> submitted_;  // the latest of each name
  // Threads of a group run at once, so no two may have one name even in turn.
  std::map<std::string, std::uint64_t> group_names_;
  std::uint64_t threads_ = 0;
  std::uint64_t thread_ = 0;
};

}  // namespace powercut
