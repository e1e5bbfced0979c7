// SPDX-License-Identifier: GPL-2.0-only
//
// Devices of the kernel's device-mapper, each of one target. Needs root; without
// device-mapper every call ends with an Error of kind kMissing.

#pragma once

#include "base/result.h"

#include <compare>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace powercut {

// The one line of a table. Passive data.
struct DmTable {
  std::uint64_t sectors = 0;  // of 512 bytes
  std::string target;         // "linear"
  std::string parameters;     // as dmsetup takes them
};

// What a target says of itself, as text.
struct DmStatus {
  std::string target;
  std::string text;
};

// How to suspend: write out what is dirty and freeze the file system above (lockfs), and
// wait for what is under way (flush).
struct DmSuspend {
  bool lockfs = true;
  bool flush = true;
};

// Move-only; calls may come from several threads. The destructor removes the device.
class DmDevice {
 public:
  // `name` must carry the run id: dm_device_name(). The device runs when this returns.
  static Result<DmDevice> create(std::string name, const DmTable& table);
  ~DmDevice();
  DmDevice(DmDevice&& other) noexcept;
  DmDevice& operator=(DmDevice&& other) noexcept;
  DmDevice(const DmDevice&) = delete;
  DmDevice& operator=(const DmDevice&) = delete;

  const std::string& name() const { return name_; }

  std::filesystem::path path() const;

  Status suspend(const DmSuspend& how) const;
  Status resume() const;

  // The table that resume() makes the live one.
  Status load(const DmTable& table) const;

  // Retries while somebody has it open, as programs that probe new devices do, for five
  // seconds; then the kernel is told to remove it when it is closed, and the Error says
  // so.
  Status remove();

 private:
  explicit DmDevice(std::string name) : name_(std::move(name)) {}

  std::string name_;  // empty: removed, or moved from
};

// "powercut-<run id>-<what>".
std::string dm_device_name(std::string_view run_id, std::string_view what);

// The name behind "/dev/mapper/x", "/dev/dm-3" or "x" itself.
std::string dm_name_of(const std::string& name_or_path);

// Sends a message to the target of a device and returns its answer, mostly empty.
Result<std::string> dm_message(const std::string& name, const std::string& text);

// What the target of a device tells.
Result<DmStatus> dm_status(const std::string& name);

// As DmDevice::remove(); no error if there is no such device.
Status remove_dm_device(const std::string& name);

struct DmVersion {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t patch = 0;

  auto operator<=>(const DmVersion&) const = default;
};

std::string to_string(const DmVersion& version);

// The version of a target that the kernel has loaded; nothing if it has not.
Result<std::optional<DmVersion>> dm_target_version(std::string_view target);

// Of the kernel's driver: "4.47.0".
Result<std::string> dm_driver_version();

}  // namespace powercut
