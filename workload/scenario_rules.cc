// SPDX-License-Identifier: GPL-2.0-only

#include "workload/scenario_rules.h"

#include "workload/raw_disk.h"
#include "workload/stack_disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace powercut {

namespace {

class Rules {
 public:
  Rules(const Scenario& scenario, const std::set<std::string>& seen,
        const std::string& name)
      : scenario_(scenario), seen_(seen), name_(name) {}

  Status check() const {
    auto missing = [&](std::string message, std::string hint) {
      return fail(ErrorKind::kUsage, fmt::format("{}: {}", name_, message),
                  std::move(hint));
    };
    if (has("recovery-fault") && scenario_.depth != 2) {
      return missing("a 'recovery-fault' without 'depth 2'",
                     "it is of the disk during recovery, which only depth 2 looks at");
    }
    if (has("disk")) {
      return check_stack();
    }
    for (const char* each : {"module", "build", "recorder", "states", "tier", "stack"}) {
      if (has(each)) {
        return missing(fmt::format("'{}' without a disk", each),
                       "it is about a stack: disk NAME SIZE");
      }
    }
    if (!has("fs")) {
      return missing("'fs' is missing", "fs ext4; fs none for the raw disk");
    }
    if (!has("workload") && !has("script")) {
      return missing("no workload and no script", "one of them says what is done");
    }
    if (has("workload") && has("script")) {
      return missing("a workload and a script", "only one of them can be done");
    }
    if (has("script") && !has("verify") && !has("checker")) {
      return missing("a script without a verify or a checker",
                     "nothing is known of what a script did");
    }
    return scenario_.file_system == "none" ? check_raw() : Status{};
  }

 private:
  bool has(const char* name) const { return seen_.count(name) != 0; }

  Status check_stack() const {
    for (const char* each :
         {"workload", "size", "mkfs", "mount", "promise", "latency", "depth"}) {
      if (has(each)) {
        return fail(ErrorKind::kUsage, fmt::format("{}: a '{}' with disks", name_, each),
                    "what is made of a stack's disks is the business of its script");
      }
    }
    if (!has("script") || !has("verify")) {
      return fail(ErrorKind::kUsage,
                  fmt::format("{}: disks without a {}", name_,
                              has("script") ? "verify" : "script"),
                  "script builds the stack and works on it, verify looks at what a power "
                  "cut left");
    }
    if (has("checker")) {
      return fail(ErrorKind::kUsage, fmt::format("{}: a 'checker' with disks", name_),
                  "verify looks at what a power cut left, and nothing else does");
    }
    if (scenario_.live && !one_power_supply()) {
      return fail(
          ErrorKind::kUsage,
          fmt::format("{}: 'states live' with disks of several flush domains", name_),
          "a failure is one of all that is recorded: give the disks one domain, "
          "disk NAME SIZE domain 1");
    }
    if (has("fs") && scenario_.file_system != "none") {
      return fail(ErrorKind::kUsage,
                  fmt::format("{}: 'fs {}' with disks", name_, scenario_.file_system),
                  "leave it out: the script makes file systems");
    }
    return {};
  }

  // The power of one domain fails at a time.
  bool one_power_supply() const {
    const std::vector<StackDisk>& disks = scenario_.disks;
    return disks.size() == 1 ||
           (disks[0].domain && std::ranges::all_of(disks, [&](const StackDisk& disk) {
              return disk.domain == disks[0].domain;
            }));
  }

  Status check_raw() const {
    std::vector<const char*> wrong = {"mkfs", "mount"};
    if (has("workload")) {
      wrong.insert(wrong.end(), {"verify", "checker", "promise", "depth"});
    }
    for (const char* each : wrong) {
      if (has(each)) {
        return fail(ErrorKind::kUsage,
                    fmt::format("{}: 'fs none' with a '{}'", name_, each),
                    "the raw disk has no file system; a workload on it judges itself");
      }
    }
    return check_raw_workload(scenario_.workload, name_);
  }

  const Scenario& scenario_;
  const std::set<std::string>& seen_;
  const std::string& name_;
};

}  // namespace

Status check_scenario(const Scenario& scenario, const std::set<std::string>& seen,
                      const std::string& name) {
  return Rules(scenario, seen, name).check();
}

}  // namespace powercut
