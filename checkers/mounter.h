// SPDX-License-Identifier: GPL-2.0-only
//
// Where a checker has the state mounted by a kernel: this machine's, or a guest's; or a
// stack of block devices assembled on its disks by a script.

#pragma once

#include "base/mount_report.h"
#include "base/result.h"
#include "base/script_report.h"

#include <cstddef>
#include <functional>
#include <string>

namespace powercut {

// One a worker; its disks are those of the worker's Subject. Not thread-safe.
class Mounter {
 public:
  virtual ~Mounter() = default;

  // Mounts disk `disk` of the subject, does what is asked, unmounts it. What goes wrong
  // with the file system, or with a guest that mounts it, is in the report; an Error:
  // this place can mount no state (no root, the kernel has not this file system).
  //
  // `begin_probe(i)` is called before data unit i (from 0) of the report is read, and
  // returns before the read is sent; everything else is read before the first of them.
  virtual Result<MountReport> mount(
      std::size_t disk, const MountRequest& request,
      const std::function<void(std::size_t unit)>& begin_probe) = 0;

  // Runs a script with all disks of the subject at hand; `begin_probe(i)` is called when
  // it announces its part i, from 1. An Error of kind kMissing: not at this place.
  virtual Result<ScriptReport> run_script(
      const ScriptRequest& /*request*/,
      const std::function<void(std::size_t part)>& /*begin_probe*/) {
    return fail(ErrorKind::kMissing,
                "no stack can be assembled here: it may take the "
                "machine down, or find its own devices in the way",
                "stacks are assembled in a guest: --mount guest");
  }

  // "here", "guest, Linux 6.1.0-56-cloud-amd64": part of what a verdict is about.
  virtual std::string place() const = 0;
};

}  // namespace powercut
