// SPDX-License-Identifier: GPL-2.0-only
//
// Whether guests run on the host's processors (KVM) or on emulated ones (TCG). That there
// is a /dev/kvm proves nothing: on some machines a guest hangs on it. So it is tried once
// for each kernel and QEMU, and what came of it is remembered.

#pragma once

#include "base/result.h"
#include "device/guest/qemu_command.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace powercut {

// What was found before, a file for each key in a directory.
class AccelCache {
 public:
  explicit AccelCache(std::filesystem::path directory)
      : directory_(std::move(directory)) {}

  // Nothing if it was not tried, or the file says something else.
  std::optional<GuestAccel> get(const std::string& key) const;

  // A cache that cannot be written is no error: then it is tried again.
  void put(const std::string& key, GuestAccel accel) const;

 private:
  std::filesystem::path directory_;
};

// Changes with the kernel's image and with QEMU.
std::string accel_key(const std::filesystem::path& kernel,
                      const std::filesystem::path& qemu);

// Starts a guest with KVM and tells whether it came up, within some seconds.
using AccelProbe = std::function<bool(const QemuOptions& guest)>;

// kTcg or kKvm. kAuto takes KVM if `probe` says so, now or earlier; kKvm is an Error of
// kind kMissing if the device cannot be opened.
Result<GuestAccel> choose_accel(GuestAccel wanted, const QemuOptions& guest,
                                const AccelProbe& probe);

}  // namespace powercut
