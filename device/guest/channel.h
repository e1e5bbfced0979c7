// SPDX-License-Identifier: GPL-2.0-only
//
// The messages between the host and the agent in its guest, over a byte stream that both
// can poll: a socket here, a port of a virtual serial device there.
//
// A message is a line of JSON, {"type": "exit", "bytes": 5, "code": 1}, and as many raw
// bytes behind it as its "bytes" says: output and paths need not be text.
//
//   host to guest   run (argv, directory, environment), off, marked (answer),
//                   visit (device, mount point, request), go (to a unit)
//   guest to host   hello, beat, output, exit, mark (text), failed (text),
//                   unit (is to be read), visited (report, an Error, or how it failed)
//
// The last of each are those of device/visit_process.h, passed on.

#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace powercut {

// Of one message; a longer one is taken for nonsense.
inline constexpr std::size_t kMaxGuestPayloadBytes = 64 << 20;

struct GuestMessage {
  std::string type;
  std::map<std::string, std::int64_t> numbers;
  std::string payload;

  // 0 if it is not there.
  std::int64_t number(const std::string& name) const;
};

// Several strings, none with a NUL in it, as a payload; and back.
std::string join_strings(const std::vector<std::string>& strings);
std::vector<std::string> split_strings(const std::string& payload);

// send() may be called by several threads, the rest by one. Owns the descriptor, which
// must not block on reading.
class GuestChannel {
 public:
  explicit GuestChannel(Fd fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }

  // Waits until all is written.
  Status send(const GuestMessage& message);

  // Takes in what is there to read. False at the end of the stream.
  Result<bool> receive();

  // The next message that is whole; an Error if the bytes are none.
  Result<std::optional<GuestMessage>> next();

 private:
  std::mutex send_mutex_;
  Fd fd_;
  std::string received_;
};

}  // namespace powercut
