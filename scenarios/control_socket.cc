// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/control_socket.h"

#include <fmt/format.h>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace powercut {

namespace {

// A request is the mark's text and the end of the sending side; an answer is "ok" or the
// message of an error.
constexpr std::size_t kMostRequestBytes = 8192;
constexpr std::size_t kMostMarkBytes = 4000;  // PC_MARK_MAX_BYTES of the log format
constexpr int kPatienceMs = 30000;

Result<sockaddr_un> address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof(address.sun_path)) {
    return fail(ErrorKind::kSystem,
                fmt::format("the control socket's path is too long: {}", path.string()),
                "set TMPDIR to a shorter directory");
  }
  std::memcpy(address.sun_path, path.c_str(), path.native().size() + 1);
  return address;
}

// Reads until the other side has sent all; false on time out or too much.
bool receive_all(const Fd& socket, std::string& text) {
  std::array<char, 1024> buffer{};
  while (text.size() <= kMostRequestBytes) {
    pollfd poller{socket.get(), POLLIN, 0};
    if (::poll(&poller, 1, kPatienceMs) <= 0) {
      return false;
    }
    ssize_t n = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return n == 0;
    }
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return false;
}

bool send_all(const Fd& socket, std::string_view text) {
  while (!text.empty()) {
    ssize_t n = ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return false;
    }
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  ::shutdown(socket.get(), SHUT_WR);
  return true;
}

}  // namespace

Result<std::unique_ptr<ControlSocket>> ControlSocket::listen(
    const std::filesystem::path& path, MarkHandler on_mark) {
  PC_ASSIGN_OR_RETURN(sockaddr_un address, address_of(path));
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  Fd stop(::eventfd(0, EFD_CLOEXEC));
  if (!socket.valid() || !stop.valid() ||
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address),
             sizeof(address)) != 0 ||
      ::listen(socket.get(), 16) != 0) {
    return fail(system_error(fmt::format("cannot listen at {}", path.string()), errno));
  }
  return std::unique_ptr<ControlSocket>(
      new ControlSocket(std::move(socket), std::move(stop), std::move(on_mark)));
}

ControlSocket::ControlSocket(Fd socket, Fd stop, MarkHandler on_mark)
    : socket_(std::move(socket)), stop_(std::move(stop)), on_mark_(std::move(on_mark)) {
  thread_ = std::thread([this] { serve(); });
}

ControlSocket::~ControlSocket() {
  std::uint64_t one = 1;
  [[maybe_unused]] ssize_t n = ::write(stop_.get(), &one, sizeof(one));
  thread_.join();
}

void ControlSocket::serve() {
  while (true) {
    std::array<pollfd, 2> pollers{pollfd{socket_.get(), POLLIN, 0},
                                  pollfd{stop_.get(), POLLIN, 0}};
    if (::poll(pollers.data(), pollers.size(), -1) < 0 && errno != EINTR) {
      return;
    }
    if (pollers[1].revents != 0) {
      return;
    }
    if (pollers[0].revents != 0) {
      Fd connection(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (connection.valid()) {
        answer(connection);
      }
    }
  }
}

void ControlSocket::answer(const Fd& connection) {
  std::string text;
  if (!receive_all(connection, text)) {
    send_all(connection, "the mark did not arrive whole");
    return;
  }
  Status status = on_mark_(text);
  send_all(connection, status ? "ok" : status.error().message);
}

Status send_mark(const std::filesystem::path& path, std::string_view text) {
  if (text.empty() || text.size() > kMostMarkBytes) {
    return fail(ErrorKind::kUsage, fmt::format("a mark of {} bytes: it must have 1 to {}",
                                               text.size(), kMostMarkBytes));
  }
  PC_ASSIGN_OR_RETURN(sockaddr_un address, address_of(path));
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid() ||
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                sizeof(address)) != 0) {
    return fail(system_error(
        fmt::format("cannot reach the recording at {}", path.string()), errno));
  }
  std::string answer;
  if (!send_all(socket, text) || !receive_all(socket, answer)) {
    return fail(ErrorKind::kSystem, "the recording went away before it answered");
  }
  if (answer != "ok") {
    return fail(ErrorKind::kSystem, "the recording refused the mark: " + answer);
  }
  return {};
}

}  // namespace powercut
