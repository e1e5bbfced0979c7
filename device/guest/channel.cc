// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/channel.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace powercut {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kMaxLineBytes = 4096;

tl::unexpected<Error> no_message(std::string_view line) {
  return fail(
      ErrorKind::kBadInput,
      fmt::format("the guest's channel carries no message: {}", line.substr(0, 80)));
}

// Without the signal that ends a process whose socket has no other end any more.
ssize_t put_bytes(int fd, const char* bytes, std::size_t length) {
  const ssize_t put = ::send(fd, bytes, length, MSG_NOSIGNAL);
  return put < 0 && errno == ENOTSOCK ? ::write(fd, bytes, length) : put;
}

}  // namespace

std::int64_t GuestMessage::number(const std::string& name) const {
  const std::map<std::string, std::int64_t>::const_iterator found = numbers.find(name);
  return found != numbers.end() ? found->second : 0;
}

std::string join_strings(const std::vector<std::string>& strings) {
  std::string joined;
  for (const std::string& text : strings) {
    joined += text;
    joined += '\0';
  }
  return joined;
}

std::vector<std::string> split_strings(const std::string& payload) {
  std::vector<std::string> strings;
  for (std::size_t at = 0; at < payload.size();) {
    const std::size_t end = std::min(payload.find('\0', at), payload.size());
    strings.push_back(payload.substr(at, end - at));
    at = end + 1;
  }
  return strings;
}

Status GuestChannel::send(const GuestMessage& message) {
  nlohmann::json json(message.numbers);
  json["type"] = message.type;
  json["bytes"] = message.payload.size();
  const std::string bytes = json.dump() + "\n" + message.payload;
  const std::lock_guard<std::mutex> lock(send_mutex_);
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t put = put_bytes(fd_.get(), bytes.data() + done, bytes.size() - done);
    if (put > 0) {
      done += static_cast<std::size_t>(put);
    } else if (put < 0 && errno == EAGAIN) {
      pollfd poller{fd_.get(), POLLOUT, 0};
      ::poll(&poller, 1, 1000);
      if ((poller.revents & (POLLHUP | POLLERR)) != 0) {
        return fail(ErrorKind::kSystem, "the guest's channel is closed");
      }
    } else if (put < 0 && errno != EINTR) {
      return fail(system_error("cannot write to the guest's channel", errno));
    }
  }
  return {};
}

Result<bool> GuestChannel::receive() {
  const std::size_t before = received_.size();
  received_.resize(before + kReadBytes);
  const ssize_t got = ::read(fd_.get(), received_.data() + before, kReadBytes);
  const int read_errno = errno;
  received_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got < 0 && read_errno != EAGAIN && read_errno != EINTR &&
      read_errno != ECONNRESET) {
    return fail(system_error("cannot read the guest's channel", read_errno));
  }
  return got > 0 || (got < 0 && read_errno != ECONNRESET);
}

Result<std::optional<GuestMessage>> GuestChannel::next() {
  const std::size_t line_bytes = received_.find('\n');
  if (line_bytes == std::string::npos) {
    if (received_.size() > kMaxLineBytes) {
      return no_message(received_);
    }
    return std::nullopt;
  }
  const std::string_view line = std::string_view(received_).substr(0, line_bytes);
  const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object()) {
    return no_message(line);
  }
  GuestMessage message;
  for (const auto& [name, value] : json.items()) {
    if (value.is_number_integer()) {
      message.numbers[name] = value.get<std::int64_t>();
    } else if (name == "type" && value.is_string()) {
      message.type = value.get<std::string>();
    } else {
      return no_message(line);
    }
  }
  const std::int64_t payload_bytes = message.number("bytes");
  if (message.type.empty() || payload_bytes < 0 ||
      payload_bytes > static_cast<std::int64_t>(kMaxGuestPayloadBytes)) {
    return no_message(line);
  }
  const std::size_t bytes = static_cast<std::size_t>(payload_bytes);
  if (received_.size() - line_bytes - 1 < bytes) {
    return std::nullopt;
  }
  message.payload = received_.substr(line_bytes + 1, bytes);
  received_.erase(0, line_bytes + 1 + bytes);
  return message;
}

}  // namespace powercut
