// SPDX-License-Identifier: GPL-2.0-only
//
// One way to record, chosen by `powercut record --on NAME`. A recorder is one file that
// defines one Recorder, and one entry in record.cc.

#pragma once

#include "base/subprocess.h"
#include "cli/arguments.h"
#include "scenarios/recorded_workload.h"

#include <cstdint>
#include <string>

namespace powercut {

struct Recorder {
  const char* name;     // what --on takes: "loop"
  const char* summary;  // a few words for --help
  // Options that only this recorder has; given with another, they are refused.
  void (*add_options)(po::options_description& options);
  // Records as the arguments say, and returns the exit code. Throws Failure.
  int (*run)(const Arguments& arguments);
  // Names of options of others that it takes too, with a blank between.
  const char* shared = "";
};

extern const Recorder kLoopRecorder;
extern const Recorder kDmRecorder;
extern const Recorder kGuestRecorder;

// The name of a recorded disk, from the command line. It becomes a part of the names of
// files and devices. Throws a Failure of kind kUsage.
void check_disk_name(const std::string& name);

// --fs, --mkfs-options, --mount-options and the command.
WorkloadOptions workload_options(const Arguments& arguments);

// --block-size, or what fits the file system.
std::uint32_t disk_block_bytes(const Arguments& arguments,
                               const WorkloadOptions& workload);

// Throws a Failure of kind kUsage.
[[noreturn]] void refuse(std::string message, std::string hint);

// --on-full and --ack are words that the kernel's recorder knows. Throws Failure.
void check_target_words(const Arguments& arguments);

// Refuses a command line without a workload.
void require_command(const Arguments& arguments);

// Tells that `log_bytes` bytes were recorded into `log` and how the workload ended.
// Returns the exit code; throws a Failure if the workload failed.
int tell_recording(const ExitState& workload, std::uint64_t log_bytes,
                   const std::string& log);

}  // namespace powercut
