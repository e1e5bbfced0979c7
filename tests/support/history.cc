// SPDX-License-Identifier: GPL-2.0-only

#include "tests/support/history.h"

#include "base/ensure.h"

#include <algorithm>
#include <map>

namespace powercut::test {

namespace {

constexpr std::size_t kSectorBytes = 512;

// A log that holds its events and their data.
class MemoryLog final : public Log {
 public:
  explicit MemoryLog(const History& history) : devices_(history.devices()) {
    std::map<Request, std::uint64_t> seq_of;
    for (const HistoryEvent& from : history.events()) {
      Event event;
      event.seq = events_.size();
      event.type = from.type;
      event.op = from.type == EventType::kMark ? Op::kNone : from.op;
      event.device = from.place.device;
      event.fua = from.fua;
      event.unstable = from.unstable;
      event.status = from.status;
      event.offset_bytes = from.place.sector * kSectorBytes;
      event.length_bytes = from.place.sectors * kSectorBytes;
      if (from.type == EventType::kMark) {
        texts_.push_back(std::make_unique<std::string>(from.text));
        event.text = *texts_.back();
        event.length_bytes = from.text.size();
      } else if (from.type == EventType::kComplete) {
        event.ref_seq = seq_of.at(from.request);
      } else {
        seq_of[from.request] = event.seq;
      }
      if (from.letter != 0) {
        event.data_pos = data_.size();
        data_ += sector_bytes(from.place.sector, from.place.sectors, from.letter);
        event.data_bytes = data_.size() - event.data_pos;
      }
      events_.push_back(event);
    }
  }

  LogFormat format() const override { return LogFormat::k2; }

  std::string description() const override { return "format 2, in memory"; }

  const std::vector<Device>& devices() const override { return devices_; }

  std::uint64_t entry_count() const override { return events_.size(); }

  LogEnd end() const override { return LogEnd::kClean; }

  std::uint64_t end_bytes() const override { return data_.size(); }

  void visit(const Visitor& visitor) const override { visit_from(0, visitor); }

  void visit_from(std::uint64_t seq, const Visitor& visitor) const override {
    for (std::uint64_t i = seq; i < events_.size(); ++i) {
      if (visitor(events_[i]) == Visit::kStop) {
        return;
      }
    }
  }

  std::span<const std::byte> bytes(std::uint64_t pos,
                                   std::uint64_t length) const override {
    PC_ENSURE(pos + length <= data_.size(), "the data of an event");
    return std::as_bytes(std::span(data_)).subspan(pos, length);
  }

  void drop_pages() const override {}

  std::uint64_t digest() const override { return 0x6d656d6f7279; }

 private:
  std::vector<Device> devices_;
  std::vector<Event> events_;
  std::vector<std::unique_ptr<std::string>> texts_;
  std::string data_;
};

}  // namespace

History::History(std::uint16_t device_count, std::uint64_t sectors) {
  for (std::uint16_t i = 0; i < device_count; ++i) {
    Device device;
    device.name = "disk" + std::to_string(i);
    device.size_bytes = sectors * kSectorBytes;
    device.domain = i;
    device.discard = true;
    devices_.push_back(device);
  }
}

Request History::add(Op op, Place place, char letter, bool fua) {
  HistoryEvent event;
  event.op = op;
  event.request = next_request_++;
  event.place = place;
  event.letter = letter;
  event.fua = fua;
  events_.push_back(event);
  return event.request;
}

Request History::submit(Place place, char letter, bool fua) {
  return add(Op::kWrite, place, letter, fua);
}

Request History::submit_discard(Place place) {
  return add(Op::kDiscard, place, 0, false);
}

Request History::submit_zeroes(Place place) {
  return add(Op::kWriteZeroes, place, 0, false);
}

Request History::flush_begin(std::uint16_t device) {
  return add(Op::kFlush, {0, 0, device}, 0, false);
}

void History::complete(Request request, std::uint32_t status) {
  HistoryEvent event = submission(request);
  event.type = EventType::kComplete;
  event.letter = 0;
  event.status = status;
  events_.push_back(event);
}

void History::complete_unstable(Request request, char letter) {
  complete(request);
  events_.back().unstable = true;
  events_.back().letter = letter;
}

Request History::write(Place place, char letter, bool fua) {
  const Request request = submit(place, letter, fua);
  complete(request);
  return request;
}

Request History::discard(Place place) {
  const Request request = submit_discard(place);
  complete(request);
  return request;
}

void History::flush(std::uint16_t device) {
  complete(flush_begin(device));
}

void History::mark(std::string text) {
  HistoryEvent event;
  event.type = EventType::kMark;
  event.text = std::move(text);
  event.request = next_request_++;
  events_.push_back(event);
}

std::size_t History::submitted_at(Request request) const {
  const auto it = std::find_if(events_.begin(), events_.end(), [&](const auto& event) {
    return event.request == request && event.type == EventType::kSubmit;
  });
  PC_ENSURE(it != events_.end(), "the history has the request");
  return static_cast<std::size_t>(it - events_.begin());
}

const HistoryEvent& History::submission(Request request) const {
  return events_[submitted_at(request)];
}

std::optional<std::size_t> History::completed_at(Request request) const {
  for (std::size_t i = 0; i < events_.size(); ++i) {
    if (events_[i].request == request && events_[i].type == EventType::kComplete) {
      return i;
    }
  }
  return std::nullopt;
}

History History::without(Request flush) const {
  History rest = *this;
  std::erase_if(rest.events_,
                [&](const HistoryEvent& event) { return event.request == flush; });
  return rest;
}

std::shared_ptr<const Log> History::log() const {
  return std::make_shared<const MemoryLog>(*this);
}

std::string sector_bytes(std::uint64_t first, std::uint64_t sectors, char letter) {
  std::string bytes;
  for (std::uint64_t sector = first; sector < first + sectors; ++sector) {
    bytes += letter;
    bytes.append(kSectorBytes - 1, static_cast<char>(sector + 1));
  }
  return bytes;
}

std::string letters_of(std::string_view bytes, std::uint64_t first_sector) {
  std::string letters;
  for (std::size_t at = 0; at < bytes.size(); at += kSectorBytes) {
    const std::string_view sector = bytes.substr(at, kSectorBytes);
    const std::uint64_t number = first_sector + at / kSectorBytes;
    if (sector == std::string(sector.size(), '\0')) {
      letters += '.';
    } else {
      letters += sector == sector_bytes(number, 1, sector[0]) ? sector[0] : '?';
    }
  }
  return letters;
}

}  // namespace powercut::test
