// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/workload_child.h"

#include "device/file_extents.h"
#include "device/mount.h"
#include "device/mount_visit.h"
#include "workload/workload_text.h"

#include <fmt/format.h>

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace powercut {
namespace {

constexpr const char* kAnswer = "performed";

// Returns when the parent has the mark in the log.
Status send_mark_up(GuestChannel& channel, std::string_view text) {
  std::optional<GuestMessage> answer;
  if (channel.send({"mark", {}, std::string(text)})) {
    answer = wait_for_message(channel);
  }
  if (!answer) {
    ::_exit(0);  // nobody waits for the rest
  }
  if (std::optional<Error> error = error_in(*answer)) {
    return fail(std::move(*error));
  }
  return {};
}

// What the kernel says of the file system is a result; that it has none of the kind, or
// that nothing may be mounted, is an Error.
Result<std::optional<Mount>> mount_disk(const WorkloadPlace& place, WorkloadEnd& end) {
  int error_number = 0;
  Result<Mount> mount = Mount::mount(
      {place.device, place.mountpoint, place.file_system, place.mount_options},
      &error_number);
  if (mount) {
    return std::optional(std::move(*mount));
  }
  if (error_number == ENODEV) {
    return fail(
        ErrorKind::kMissing,
        fmt::format("cannot mount {0}: this kernel has no {0}", place.file_system),
        "load its kernel module, or use a kernel that has it");
  }
  if (error_number == EPERM) {
    return fail(
        ErrorKind::kMissing,
        fmt::format("cannot mount {}: mounts are not permitted", place.file_system),
        "run as root");
  }
  end.mount_problem = mount.error().message;
  return std::optional<Mount>();
}

Result<WorkloadEnd> perform_here(GuestChannel& channel, const WorkloadPlace& place,
                                 const std::string& text) {
  PC_ASSIGN_OR_RETURN(const Workload workload, parse_workload(text, {"workload", 1}));
  PC_RETURN_IF_ERROR(prepare_device(place.device));
  WorkloadEnd end;
  std::optional<Mount> mount;
  PerformOptions options;
  if (place.file_system == "none") {
    options.disk = place.device;
  } else {
    PC_ASSIGN_OR_RETURN(mount, mount_disk(place, end));
    if (!mount) {
      return end;
    }
    options.root = place.mountpoint;
    options.overwrite = [&](int fd, const std::string& path, std::uint64_t offset_bytes,
                            std::span<const std::byte> data) {
      return write_in_place(fd, path, place.device, offset_bytes, data);
    };
  }
  options.mark = [&](std::string_view mark) { return send_mark_up(channel, mark); };
  Result<PerformResult> performed = perform(workload, options);
  const Status unmounted = mount ? mount->unmount() : Status();
  // What the unmount left in the device's cache belongs to this disk.
  const Result<std::uint32_t> flushed = prepare_device(place.device);
  if (!performed) {
    return fail(std::move(performed).error());
  }
  end.performed = *performed;
  end.mount_problem = !unmounted ? unmounted.error().message
                      : !flushed ? flushed.error().message
                                 : "";
  return end;
}

GuestMessage performed_message(const Result<WorkloadEnd>& end) {
  if (!end) {
    return error_answer(kAnswer, end.error());
  }
  const PerformResult& result = end->performed;
  return {kAnswer,
          {{"last", 1},
           {"done", static_cast<std::int64_t>(result.done)},
           {"failed", result.failed ? 1 : 0},
           {"operation", static_cast<std::int64_t>(result.failure.operation)},
           {"errno", result.failure.error_number}},
          end->mount_problem};
}

}  // namespace

VisitService workload_service() {
  return {"perform", [](GuestChannel& channel, const GuestMessage& message) {
            const std::vector<std::string> strings = split_strings(message.payload);
            if (strings.size() != 5) {
              return error_answer(
                  kAnswer, {ErrorKind::kBadInput, "this is no request to perform", {}});
            }
            const WorkloadPlace place{strings[0], strings[1], strings[2], strings[3]};
            return performed_message(perform_here(channel, place, strings[4]));
          }};
}

GuestMessage perform_message(const WorkloadPlace& place, const Workload& workload,
                             std::chrono::milliseconds limit) {
  return {"perform",
          {{"limit_seconds", std::chrono::ceil<std::chrono::seconds>(limit).count()}},
          join_strings({place.device, place.mountpoint, place.file_system,
                        place.mount_options, to_text(workload)})};
}

GuestMessage marked_message(const Status& status) {
  return status ? GuestMessage{"marked", {}, {}} : error_answer("marked", status.error());
}

Result<WorkloadEnd> read_performed(const GuestMessage& message) {
  if (std::optional<Error> error = error_in(message)) {
    return fail(std::move(*error));
  }
  WorkloadEnd end;
  end.performed.done = static_cast<std::size_t>(message.number("done"));
  end.performed.failed = message.number("failed") != 0;
  end.performed.failure = {static_cast<std::size_t>(message.number("operation")),
                           static_cast<int>(message.number("errno"))};
  end.mount_problem = message.payload;
  return end;
}

}  // namespace powercut
