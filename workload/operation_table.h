// SPDX-License-Identifier: GPL-2.0-only
//
// The table of operations: how each is called, which words it takes, how they are read
// and printed. A new operation is one entry there (and one in perform.cc).

#pragma once

#include "base/result.h"
#include "workload/operation.h"
#include "workload/words.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

// A word at a fixed place of an operation.
struct OperationField {
  const char* name;  // "LENGTH", for synopses
  // Errors have no place yet.
  Status (*read)(const Word& word, Operation& operation);
  std::string (*print)(const Operation& operation);
};

// What may stand behind the fixed words.
struct OperationOptions {
  const char* synopsis;  // "[byte 0xHH]"
  Status (*read)(std::span<const Word> words, Operation& operation);
  std::string (*print)(const Operation& operation);  // empty, or " byte 0x5a"
};

struct OperationSpec {
  const char* name;
  OpKind kind;
  std::vector<const OperationField*> fields;
  const OperationOptions* options = nullptr;
  bool takes_root = false;  // whether "/" can be its path

  std::string synopsis() const;  // "write FILE OFFSET LENGTH [byte 0xHH]"
};

const std::vector<OperationSpec>& operation_table();
const OperationSpec& spec_of(OpKind kind);

// Null if there is none of that name. "touch" is creat.
const OperationSpec* find_operation(std::string_view name);

// An operation from its words, the first of which is its name. Knows no handles of other
// operations. Errors (kUsage) have no place yet.
Result<Operation> read_operation(std::span<const Word> words);

}  // namespace powercut
