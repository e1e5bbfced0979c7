// SPDX-License-Identifier: GPL-2.0-only
//
// The kinds of words that operations take, each with its reader and printer. Parts for
// operation_table.cc only.

#pragma once

#include "workload/operation_table.h"

#include <cstddef>

namespace powercut {

// PC_MARK_MAX_BYTES of the log format, less what a recorder may put before.
inline constexpr std::size_t kMostMarkBytes = 4000;

// Paths, handles and texts.
extern const OperationField kPathField;        // PATH: path
extern const OperationField kOldPathField;     // OLD: path
extern const OperationField kNewPathField;     // NEW: path2
extern const OperationField kHandleField;      // @H: handle
extern const OperationField kFileField;        // FILE: path or handle
extern const OperationField kFromFileField;    // FROM: path or handle
extern const OperationField kToFileField;      // TO: path2 or handle2
extern const OperationField kTargetField;      // TARGET: text
extern const OperationField kXattrNameField;   // NAME: text
extern const OperationField kXattrValueField;  // VALUE: value
extern const OperationField kSubmittedField;   // NAME: text
extern const OperationField kMarkTextField;    // MARK: text, of an earlier mark

// Numbers and choices.
extern const OperationField kOffsetField;        // OFFSET: offset_bytes
extern const OperationField kToOffsetField;      // TO-OFFSET: offset2_bytes
extern const OperationField kLengthField;        // LENGTH: length_bytes, not zero
extern const OperationField kSizeField;          // SIZE: length_bytes
extern const OperationField kMillisecondsField;  // MILLISECONDS: length_bytes
extern const OperationField kModeField;          // MODE: mode
extern const OperationField kUserField;          // UID: user
extern const OperationField kGroupField;         // GID: group
extern const OperationField kAllocateModeField;  // MODE: allocate
extern const OperationField kNodeField;          // fifo|char|block: node

extern const OperationOptions kByteOptions;
extern const OperationOptions kModeOptions;
extern const OperationOptions kOpenOptions;
extern const OperationOptions kRenameOptions;
extern const OperationOptions kDeviceOptions;
extern const OperationOptions kMarkOptions;
extern const OperationOptions kSubmitOptions;

// The name of a submitted write. The Error has no place yet.
Status read_submitted_name(const Word& word, Operation& operation);

// Octal permissions, at most 07777.
Result<std::uint32_t> parse_mode(std::string_view text);

// A number, decimal or 0x..., with K, M or G behind it, up to `most`.
Result<std::uint64_t> parse_number(std::string_view text, std::string_view what,
                                   std::uint64_t most, bool suffixes = true);

}  // namespace powercut
