// SPDX-License-Identifier: GPL-2.0-only
//
// What a kernel is asked to do with a disk (mount it, which recovers it, and look
// around), and what came of it. Plain data: the asking is in checkers/, the mounting in
// device/, here or in a guest.

#pragma once

#include "base/file_tree.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace powercut {

// The most that a unit of data may have whose bytes are told.
inline constexpr std::uint32_t kMaxToldUnitBytes = 64 << 10;

struct MountRequest {
  std::string type;     // "ext4"
  std::string options;  // as mount -o takes them; empty: none
  bool walk = true;     // every name with its attributes
  // Create, write, rename and unlink in every directory, afterwards (see MountReport).
  bool use = false;
  // Read what regular files hold, a probe for each unit of so many bytes, by direct I/O;
  // 0: not.
  std::uint32_t data_unit_bytes = 0;
  // With data_unit_bytes: tell the bytes too; units have kMaxToldUnitBytes at most.
  bool want_bytes = false;
  std::chrono::milliseconds timeout{60000};  // of the whole visit
};

// One unit of a file that was read.
struct DataUnit {
  std::string path;
  std::uint64_t offset_bytes = 0;  // in the file
  int error = 0;                   // errno of the read, 0: none
  std::string digest;              // of the bytes, hexadecimal
  std::string problem;     // what its stamps say against it (base/stamp.h), or empty
  std::string bytes = {};  // if want_bytes and no error: as many as the file has there
};

struct MountReport {
  int mount_errno = 0;  // what mount(2) said; 0: mounted
  FileTree tree;        // if walk
  // What went wrong after mounting, a line each: "readdir /a: Input/output error",
  // "use /a: rename: No space left on device", "unmount: ...".
  std::vector<std::string> problems;
  // Of kernel severity warning and worse, without times; while this was going on.
  std::vector<std::string> kernel_messages;
  std::vector<DataUnit> data;
  // The machine that mounted it died of it: "kernel panic: ..."; only in a guest.
  std::optional<std::string> machine_failure;
  std::string console_tail;  // with machine_failure
  bool timed_out = false;    // here only; in a guest a machine_failure

  // Mounted and unmounted, and nothing went wrong with it.
  bool sound() const {
    return mount_errno == 0 && problems.empty() && !machine_failure && !timed_out;
  }
};

}  // namespace powercut
