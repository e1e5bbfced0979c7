// SPDX-License-Identifier: GPL-2.0-only
//
// One request to the kernel's device-mapper, through libdevmapper.

#pragma once

#include "base/result.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

struct dm_task;

namespace powercut {

// What a request is for, and what its Error says: "cannot resume device-mapper device
// powercut-x-disk: cause". The kernel's own reason, which is in its log only, is added.
//
// One request at a time in the whole process, as the library keeps state of its own: a
// task holds a lock from start() to its end. Its messages go into the Error and never to
// stderr. No udev is waited for, and the node in /dev/mapper is made by us.
class DmTask {
 public:
  // `type` is DM_DEVICE_*. An Error of kind kMissing if the kernel has no device-mapper.
  static Result<DmTask> start(int type, std::string verb, std::string device);
  ~DmTask();
  DmTask(DmTask&&) noexcept = default;
  DmTask& operator=(DmTask&&) = delete;
  DmTask(const DmTask&) = delete;
  DmTask& operator=(const DmTask&) = delete;

  dm_task* get() const { return task_.get(); }

  // `ok`: what the library's setters returned.
  Status run(bool ok);

  // The errno of the failed run.
  int error_number() const { return error_number_; }

 private:
  struct Destroy {
    void operator()(dm_task* task) const;
  };

  DmTask(std::unique_lock<std::mutex> lock, dm_task* task, std::string what)
      : lock_(std::move(lock)), task_(task), what_(std::move(what)) {}

  std::unique_lock<std::mutex> lock_;
  std::unique_ptr<dm_task, Destroy> task_;
  std::string what_;
  int error_number_ = 0;
};

// True if this kernel has device-mapper; tries to load its module if `load`.
bool has_device_mapper(bool load);

// The reason in "device-mapper: table: 253:0: linear: Device lookup failed (-ENODEV)":
// "linear: Device lookup failed (-ENODEV)". Other lines lose their "device-mapper: ".
std::string dm_reason(const std::string& line);

}  // namespace powercut
