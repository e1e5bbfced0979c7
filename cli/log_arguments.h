// SPDX-License-Identifier: GPL-2.0-only
//
// The flags that every verb has which opens a log, and those that choose a crash model:
// defined once.

#pragma once

#include "cli/arguments.h"
#include "replay/crash_model.h"
#include "replay/recording.h"

#include <nlohmann/json.hpp>

#include <initializer_list>
#include <memory>
#include <string>

namespace powercut {

// --base, --size, --format1, --no-verify.
void add_log_options(po::options_description& options);
// Opens the log given as the positional "LOG" and tells the user what the reader said.
std::shared_ptr<const Recording> open_recording(const Arguments& arguments);

// --model, --fault, --atomic, --discard.
void add_model_options(po::options_description& options);
CrashModel model_from(const Arguments& arguments, const Recording& recording);

// Those of the flags that were typed, as they were typed: " --size 64M --from start".
std::string typed_flags(const Arguments& arguments,
                        std::initializer_list<const char*> names);
// A word as a shell reads it.
std::string quoted(const std::string& word);
// The same of the path of the log.
std::string quoted_log(const Arguments& arguments);
// What a command needs to rebuild a state: " --size 64M --fault corrupt".
std::string state_flags(const Arguments& arguments);

// stderr: "powercut: warning: ...".
void warn(const std::string& message);

// True, false, or null if the log does not say.
nlohmann::ordered_json clean_end(LogEnd end);

}  // namespace powercut
