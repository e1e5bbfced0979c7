// SPDX-License-Identifier: GPL-2.0-only

#include "device/device_mapper.h"

#include "base/run_id.h"
#include "device/dm_task.h"

#include <fmt/format.h>
#include <libdevmapper.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <thread>
#include <utility>

namespace powercut {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::string_view kNodeDirectory = "/dev/mapper/";
constexpr milliseconds kRemovePatience{5000};
constexpr milliseconds kLongestPause{100};

bool add_line(const DmTask& task, const DmTable& table) {
  return dm_task_add_target(task.get(), 0, table.sectors, table.target.c_str(),
                            table.parameters.c_str()) != 0;
}

Result<dm_info> info_of(const std::string& name) {
  PC_ASSIGN_OR_RETURN(DmTask task, DmTask::start(DM_DEVICE_INFO, "look at", name));
  PC_RETURN_IF_ERROR(task.run(true));
  dm_info info{};
  dm_task_get_info(task.get(), &info);
  return info;
}

// One attempt; sets `error_number`.
Status try_remove(const std::string& name, bool deferred, int& error_number) {
  PC_ASSIGN_OR_RETURN(DmTask task, DmTask::start(DM_DEVICE_REMOVE, "remove", name));
  Status status = task.run(!deferred || dm_task_deferred_remove(task.get()) != 0);
  error_number = task.error_number();
  return status;
}

// A change of state: the same task but for its type.
Status change(int type, const std::string& verb, const std::string& name,
              const DmSuspend& how) {
  PC_ASSIGN_OR_RETURN(DmTask task, DmTask::start(type, verb, name));
  bool ok = how.lockfs || dm_task_skip_lockfs(task.get()) != 0;
  ok = ok && (how.flush || dm_task_no_flush(task.get()) != 0);
  return task.run(ok);
}

}  // namespace

Result<DmDevice> DmDevice::create(std::string name, const DmTable& table) {
  PC_ASSIGN_OR_RETURN(DmTask task, DmTask::start(DM_DEVICE_CREATE, "make", name));
  PC_RETURN_IF_ERROR(task.run(add_line(task, table)));
  return DmDevice(std::move(name));
}

DmDevice::DmDevice(DmDevice&& other) noexcept : name_(std::exchange(other.name_, {})) {}

DmDevice& DmDevice::operator=(DmDevice&& other) noexcept {
  std::swap(name_, other.name_);
  return *this;
}

DmDevice::~DmDevice() {
  [[maybe_unused]] const Status ignored = remove();
}

std::filesystem::path DmDevice::path() const {
  return std::string(kNodeDirectory) + name_;
}

Status DmDevice::suspend(const DmSuspend& how) const {
  return change(DM_DEVICE_SUSPEND, "suspend", name_, how);
}

Status DmDevice::resume() const {
  return change(DM_DEVICE_RESUME, "resume", name_, {});
}

Status DmDevice::load(const DmTable& table) const {
  PC_ASSIGN_OR_RETURN(DmTask task,
                      DmTask::start(DM_DEVICE_RELOAD, "load a table into", name_));
  return task.run(add_line(task, table));
}

Status DmDevice::remove() {
  const std::string name = std::exchange(name_, {});
  return name.empty() ? Status{} : remove_dm_device(name);
}

std::string dm_device_name(std::string_view run_id, std::string_view what) {
  return fmt::format("{}{}-{}", kRunPrefix, run_id, what);
}

std::string dm_name_of(const std::string& name_or_path) {
  if (name_or_path.starts_with(kNodeDirectory)) {
    return name_or_path.substr(kNodeDirectory.size());
  }
  if (name_or_path.starts_with("/dev/")) {
    std::ifstream file("/sys/block/" + name_or_path.substr(5) + "/dm/name");
    std::string name;
    if (std::getline(file, name) && !name.empty()) {
      return name;
    }
  }
  return name_or_path;
}

Result<std::string> dm_message(const std::string& name, const std::string& text) {
  PC_ASSIGN_OR_RETURN(DmTask task,
                      DmTask::start(DM_DEVICE_TARGET_MSG, "send a message to", name));
  const bool ok = dm_task_set_sector(task.get(), 0) != 0 &&
                  dm_task_set_message(task.get(), text.c_str()) != 0;
  if (Status status = task.run(ok); !status) {
    Error error = std::move(status).error();
    if (task.error_number() == ENXIO) {
      error.kind = ErrorKind::kUsage;
      error.message = fmt::format("there is no device-mapper device {}", name);
    }
    return fail(std::move(error));
  }
  const char* answer = dm_task_get_message_response(task.get());
  return std::string(answer != nullptr ? answer : "");
}

Result<DmStatus> dm_status(const std::string& name) {
  PC_ASSIGN_OR_RETURN(DmTask task,
                      DmTask::start(DM_DEVICE_STATUS, "get the status of", name));
  // Asking must not flush what is under way: targets may answer a status with one.
  PC_RETURN_IF_ERROR(task.run(dm_task_no_flush(task.get()) != 0));
  std::uint64_t first = 0;
  std::uint64_t sectors = 0;
  char* target = nullptr;
  char* text = nullptr;
  dm_get_next_target(task.get(), nullptr, &first, &sectors, &target, &text);
  if (target == nullptr) {
    return fail(ErrorKind::kSystem,
                fmt::format("there is no device-mapper device {}", name));
  }
  return DmStatus{target, text != nullptr ? text : ""};
}

Status remove_dm_device(const std::string& name) {
  const steady_clock::time_point end = steady_clock::now() + kRemovePatience;
  milliseconds pause{1};
  while (true) {
    PC_ASSIGN_OR_RETURN(const dm_info info, info_of(name));
    if (info.exists == 0) {
      return {};
    }
    int error_number = 0;
    Status status = try_remove(name, false, error_number);
    if (status || error_number == ENXIO) {
      return {};
    }
    if (error_number == EBUSY && steady_clock::now() < end) {
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, kLongestPause);
      continue;
    }
    Error error = std::move(status).error();
    if (error_number == EBUSY) {
      const bool deferred = try_remove(name, true, error_number).has_value();
      error.message =
          fmt::format("cannot remove device-mapper device {}: it is open {} time{}{}",
                      name, info.open_count, info.open_count == 1 ? "" : "s",
                      deferred ? "; the kernel removes it when it is closed" : "");
      error.hint = "something still uses it: a mount, a process, another device";
    }
    return fail(std::move(error));
  }
}

std::string to_string(const DmVersion& version) {
  return fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

Result<std::optional<DmVersion>> dm_target_version(std::string_view target) {
  PC_ASSIGN_OR_RETURN(DmTask task, DmTask::start(DM_DEVICE_LIST_VERSIONS,
                                                 "list device-mapper's targets", ""));
  PC_RETURN_IF_ERROR(task.run(true));
  const dm_versions* entry = dm_task_get_versions(task.get());
  while (entry != nullptr) {
    if (target == static_cast<const char*>(entry->name)) {
      return DmVersion{entry->version[0], entry->version[1], entry->version[2]};
    }
    entry = entry->next == 0 ? nullptr
                             : reinterpret_cast<const dm_versions*>(
                                   reinterpret_cast<const char*>(entry) + entry->next);
  }
  return std::nullopt;
}

Result<std::string> dm_driver_version() {
  PC_ASSIGN_OR_RETURN(
      DmTask task, DmTask::start(DM_DEVICE_VERSION, "ask device-mapper's version", ""));
  PC_RETURN_IF_ERROR(task.run(true));
  std::array<char, 64> version{};
  dm_task_get_driver_version(task.get(), version.data(), version.size());
  return std::string(version.data());
}

}  // namespace powercut
