// SPDX-License-Identifier: GPL-2.0-only
//
// Finds and removes what killed runs left behind: mounts, devices of
// device-mapper, loop devices, run directories.
//
// Everything of a run carries its run id; whether the run is alive is told by the lock
// on the owner file of its directory. What cannot be traced to a dead run is left alone.

#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace powercut {

struct Leftover {
  enum class Kind {
    kProcess,       // name: pid of a process that a killed recording's workload started
    kMount,         // name: mount point of a file system on a disk of ours
    kDeviceMapper,  // name: of the mapping
    kLoop,          // name: "loop3"
    kServer,        // name: mount point of a disk server
    kRunDirectory,  // name: path
  };
  Kind kind = Kind::kMount;
  std::string name;
  std::string run_id;
  std::string detail;  // for people: source, backing file, owner
};

// "mount", "loop device", ...
std::string_view to_string(Leftover::Kind kind);

// In the order in which they must be removed.
std::vector<Leftover> find_leftovers();

// Removes one; no error if it is gone by now.
Status remove(const Leftover& leftover);

}  // namespace powercut
