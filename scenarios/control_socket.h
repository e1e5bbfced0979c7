// SPDX-License-Identifier: GPL-2.0-only
//
// How a process inside a workload talks to the recording around it: a Unix socket in the
// run directory, one request a connection. The only request is a mark; the answer comes
// when the mark is in the log.

#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "base/run_id.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace powercut {

// Answers requests in a thread of its own until it is destroyed.
class ControlSocket {
 public:
  using MarkHandler = std::function<Status(std::string_view text)>;

  static Result<std::unique_ptr<ControlSocket>> listen(const std::filesystem::path& path,
                                                       MarkHandler on_mark);
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

 private:
  ControlSocket(Fd socket, Fd stop, MarkHandler on_mark);

  void serve();
  void answer(const Fd& connection);

  Fd socket_;
  Fd stop_;  // eventfd
  MarkHandler on_mark_;
  std::thread thread_;
};

// Sends a mark to the recording that listens at `path` and waits for its answer.
Status send_mark(const std::filesystem::path& path, std::string_view text);

}  // namespace powercut
