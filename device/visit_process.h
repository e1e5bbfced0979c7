// SPDX-License-Identifier: GPL-2.0-only
//
// A child process that mounts disks for us, one after the other: what the kernel does
// with a damaged file system may take for ever, and then it is the child that waits.
//
// The child is a fork of the caller and lives through many visits, for a fork of a large
// process costs more than a mount. It has a mount namespace of its own, so that what it
// mounted goes when it goes, without the mounts of ours that it does not need, and none
// of our descriptors: so it holds neither our disk servers nor our loops. When we die it
// reads the end of its channel and ends.
//
// Its messages, over a GuestChannel, are also those between a host and its guest's agent,
// which only passes them on:
//
//   to it     visit (device, mount point, request), go (a unit may be read)
//   from it   ready, unit (is to be read), visited (the report or an Error)
//
// Who knows more than devices can have it do more: see VisitService.

#pragma once

#include "base/fd.h"
#include "base/mount_report.h"
#include "base/result.h"
#include "device/guest/channel.h"
#include "device/mount_visit.h"

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace powercut {

class KernelLog;

GuestMessage visit_message(const VisitPlace& place, const MountRequest& request);

// What a message "visited" says.
Result<MountReport> read_visited(const GuestMessage& message);

// An Error as an answer, and back.
GuestMessage error_answer(std::string type, const Error& error);
std::optional<Error> error_in(const GuestMessage& answer);

// In the child: the next message, whenever it comes; nothing at the end of the channel.
std::optional<GuestMessage> wait_for_message(GuestChannel& channel);

// What a child does beside visits: a message of this type is answered with what run()
// returns, in the child; meanwhile it may send and wait for messages of its own. With a
// service the child ends when we do, even in the midst of it; the message's number
// "limit_seconds" is when it ends if that fails. The child is a copy of one thread: what
// it runs may take no lock that another thread may have held, and have no static objects
// inside functions.
struct VisitService {
  std::string type;  // empty: none
  std::function<GuestMessage(GuestChannel& channel, const GuestMessage& message)> run;
};

// Not thread-safe. May be used by another thread than the one that started it.
class VisitProcess {
 public:
  using Clock = std::chrono::steady_clock;

  // All its visits mount at `mountpoint`. An Error of kind kMissing if we may not mount
  // anything.
  static Result<std::unique_ptr<VisitProcess>> start(
      const std::filesystem::path& mountpoint, const VisitService& service = {});
  // Kills it and waits some seconds for its end; one that the kernel does not let go is
  // left behind.
  ~VisitProcess();
  VisitProcess(const VisitProcess&) = delete;
  VisitProcess& operator=(const VisitProcess&) = delete;

  // As visit_mount(), and with the time bounded: past it, or when Ctrl-C comes, the child
  // is killed, and running() is false. A child that a fault of the kernel ended is a
  // problem of the report; one that ended otherwise is an Error.
  Result<MountReport> visit(const VisitPlace& place, const MountRequest& request,
                            const std::function<void(std::size_t unit)>& begin_unit);

  // Can take another visit.
  bool running() const { return channel_ != nullptr; }

  // For who serves the messages himself.
  GuestChannel& channel() { return *channel_; }

  // Nothing at the deadline; a message without a type at the end of the channel, which
  // the child's death is. An Error of kind kInterrupted at Ctrl-C.
  Result<std::optional<GuestMessage>> next_message(Clock::time_point deadline);

  pid_t pid() const { return pid_; }

  // No visit any more; does not wait.
  void kill();

  // Whether it has ended, with all that it had mounted; waits that long.
  bool ended_within(std::chrono::milliseconds patience);

  // Ends it, and says how it ended: "signal 9 (Killed)".
  std::string end();

 private:
  VisitProcess() = default;

  Result<MountReport> explain_end(KernelLog& log, const VisitPlace& place);

  std::unique_ptr<GuestChannel> channel_;  // null: killed
  pid_t pid_ = -1;
  Fd pid_fd_;
  bool reaped_ = false;
  int status_ = 0;  // as waitpid() says, once reaped
};

}  // namespace powercut
