// SPDX-License-Identifier: GPL-2.0-only
//
// powercut as the first process of a guest: sets the guest up, then runs one command
// after the other for the host until it is told to switch off. The other end is Guest.
//
// It tells the host each second that it lives, from the same loop that serves: no beat
// means that nothing is served any more. As PID 1 it reaps every orphan. Runs in the
// guest only: it mounts, kills and switches off as if the machine was its own.

#pragma once

#include "base/result.h"
#include "device/visit_process.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

namespace powercut {

// Where marks are taken in the guest: $POWERCUT_CONTROL of commands whose host wants
// them.
inline constexpr const char* kGuestControlSocket = "/run/powercut-control";

using GuestMarkHandler = std::function<Status(std::string_view text)>;

// Listens at a path for marks, and hands them to the handler in a thread of its own,
// until the object is destroyed.
using GuestMarkListener = std::function<Result<std::shared_ptr<void>>(
    const std::filesystem::path& path, GuestMarkHandler handler)>;

// Never returns: the guest ends with it. `service` is what its process that mounts does
// beside visits.
[[noreturn]] void run_guest_agent(const GuestMarkListener& listen_for_marks,
                                  const VisitService& service);

}  // namespace powercut
