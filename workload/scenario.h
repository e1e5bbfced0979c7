// SPDX-License-Identifier: GPL-2.0-only
//
// A scenario: on what file system, which workload, what must hold afterwards, and what
// is expected to come out. Plain data and its text; running one is in scenarios/. The
// format is told in docs/writing-a-scenario.md; in short, a directive a line:
//
//   about TEXT            what goes wrong if it goes wrong; lines add up
//   source TEXT           where it comes from; may be repeated
//   needs WORD            a program that must be there: sqlite3; may be repeated
//   fs TYPE               ext4, xfs, btrfs, f2fs, ext2, vfat; or none: the raw disk,
//                         whose workload is about the file "disk" (raw_disk.h)
//   size BYTES            of the disk; default: what the file system needs
//   block BYTES           logical block of the disk; default: that of `record`
//   latency MILLISECONDS  how long the disk takes for a write; default: no time
//   mkfs OPTIONS          more options of mkfs
//   mount OPTIONS         as mount -o takes them
//   checker TEXT          as `check --checker`; default: that of the file system
//   promise [+|-]NAME     more or less than the file system's profile (docs/oracles.md)
//   atomic WORD, model WORD, fault WORD    as the options of `check`
//   depth 2               power cuts during the recovery of a state of each class, too
//   recovery-fault WORD   as `fault`, of the disk while recovery writes to it; with
//                         depth 2
//   expect clean [kernel RANGE]
//   expect finding ["TEXT"] [kernel RANGE]    TEXT is part of a finding's text
//   workload {            operations (workload_text.h), to a line with "}" alone
//   }
//   script {              or a bash script, with `powercut mark` at hand
//   }
//   verify {              a bash script that looks at the files of a recovered state and
//   }                     prints "have X" for each X that it finds (docs/oracles.md)
//
// and of a stack of disks in a guest (docs/stacks.md):
//
//   disk NAME SIZE [domain N]    repeated
//   module NAME           that the stack needs of the guest's kernel; repeated
//   build NAME[:EDIT]     one that is built from the kernel's source; repeated
//   recorder observe      pages are sent down as they are, and watched; default: bounce
//   states live           judged are the states that live power failures left; default:
//                         all
//   tier inferred         of the verify; default: proved
//   stack {               shell functions for script and verify, which have the names of
//   }                     the disks as variables
//
// A block ends at the first line that holds "}" alone and is as far to the right as its
// directive: so what is within is indented, and may have braces. The blanks that all
// lines of a script begin with are removed. Behind a directive "#" begins no comment.

#pragma once

#include "base/result.h"
#include "workload/operation.h"
#include "workload/workload_text.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

// "6.1.0-56-cloud-amd64" is 6.1.0; compared number by number.
struct KernelVersion {
  std::array<std::uint32_t, 3> numbers{};

  auto operator<=>(const KernelVersion&) const = default;
};

Result<KernelVersion> parse_kernel_version(std::string_view text);

// "6.1.192 (6.1.0-56-cloud-amd64)": what `uname -r` says, behind the version that the
// kernel really is where `uname -v` (or its boot message) tells a distribution's own name
// of it, as Debian's does: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-01)".
std::string kernel_text(std::string_view release, std::string_view build);

// "6.1", "6.1-6.6", "-5.15", "6.7-": both ends belong to it; "6.6" as an end means every
// 6.6.x. Empty: every kernel.
struct KernelRange {
  std::optional<KernelVersion> first;
  std::optional<KernelVersion> last;  // missing numbers are as large as can be

  bool holds(const KernelVersion& version) const;

  bool operator==(const KernelRange&) const = default;
};

Result<KernelRange> parse_kernel_range(std::string_view text);

// "6.1-6.6.12"; empty for every kernel. Parses back to an equal range.
std::string to_text(const KernelRange& range);

struct Expectation {
  bool finding = false;
  std::string text;  // part of a finding's text; empty: any finding
  KernelRange kernels;

  bool operator==(const Expectation&) const = default;
};

struct StackDisk {
  std::string name;  // a variable of script and verify
  std::uint64_t size_bytes = 0;
  // Disks of one domain share one volatile cache; none: it has its own.
  std::optional<std::uint32_t> domain = {};

  bool operator==(const StackDisk&) const = default;
};

struct Scenario {
  std::string name;            // of the file, without ".scenario"
  std::filesystem::path path;  // empty: made by a generator
  std::string about;           // lines with newlines between, none at the end
  std::vector<std::string> sources;
  std::vector<std::string> needs;
  std::string file_system;       // "none": the raw disk
  std::uint64_t size_bytes = 0;  // 0: default of the file system
  std::uint32_t block_bytes = 0;
  std::uint32_t latency_ms = 0;  // for which the disk keeps each write in flight
  std::vector<std::string> mkfs_options;
  std::string mount_options;
  std::string checker;
  std::vector<std::string> promises;  // "+name", "-name"
  std::string atomic;                 // empty: default of `check`
  std::string model;
  std::string fault;
  unsigned depth = 1;          // 2: power cuts during recovery too
  std::string recovery_fault;  // of the disk, during recovery only; empty: none
  std::vector<Expectation> expectations;
  std::vector<StackDisk> disks;      // not empty: a stack, with a script
  std::vector<std::string> modules;  // of the guest's kernel
  std::vector<std::string> builds;   // modules that are built from its source
  bool observe = false;
  bool live = false;  // the states that live power failures left, and no others
  bool inferred = false;
  std::string stack;   // shell functions
  Workload workload;   // empty if there is a script
  std::string script;  // empty if there is a workload
  std::string verify;

  // The first expectation whose kernels hold this one; clean if there is none.
  Expectation expected_on(const KernelVersion& version) const;

  bool operator==(const Scenario&) const = default;
};

// An Error (kUsage) with a hint if scenarios know no file system of that name.
Status check_file_system(const std::string& name);

// An Error (kUsage) names file, line, word and what would be right. What must be there:
// fs (or disks, with a script), and one of workload and script; a script needs a verify
// or a checker. Directives given twice that may not be, unknown ones, unknown file
// systems are errors.
Result<Scenario> parse_scenario(std::string_view text, const std::filesystem::path& path);
Result<Scenario> read_scenario(const std::filesystem::path& path);

// Parses back to an equal scenario, but for the line numbers of operations, if texts of
// one line have no newline, no blanks around, and scripts have no common indentation.
std::string to_text(const Scenario& scenario);

}  // namespace powercut
