// SPDX-License-Identifier: GPL-2.0-only
//
// What happened to some very small disks, as a test tells it, and the log of it.
//
// Disks are counted in sectors of 512 bytes and begin as zeros. A write fills its
// sectors with one letter, and every sector carries its own number too, so that a state
// reads as a short string ("a.b": sector 0 by write a, sector 1 untouched, ...) and a
// sector out of place shows.

#pragma once

#include "log/log.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace powercut::test {

// A request (write, discard, flush, ...) of a history, in the order of their making.
using Request = std::size_t;

struct Place {
  std::uint64_t sector = 0;
  std::uint64_t sectors = 1;
  std::uint16_t device = 0;
};

struct HistoryEvent {
  EventType type = EventType::kSubmit;
  Op op = Op::kWrite;
  Request request = 0;  // of a submission and a completion
  Place place;
  char letter = 0;  // of a write; of an unstable completion: what was there then
  bool fua = false;
  bool unstable = false;
  std::uint32_t status = 0;
  std::string text;  // of a mark
};

// A list of events with verbs. Verbs that take no letter give '.', a sector of zeros.
class History {
 public:
  explicit History(std::uint16_t device_count = 1, std::uint64_t sectors = 4);

  Request submit(Place place, char letter, bool fua = false);
  Request submit_discard(Place place);
  Request submit_zeroes(Place place);
  Request flush_begin(std::uint16_t device = 0);
  void complete(Request request, std::uint32_t status = 0);
  void complete_unstable(Request request, char letter);
  // A submission and its completion.
  Request write(Place place, char letter, bool fua = false);
  Request discard(Place place);
  void flush(std::uint16_t device = 0);
  void mark(std::string text);

  std::vector<Device>& devices() { return devices_; }

  const std::vector<Device>& devices() const { return devices_; }

  std::vector<HistoryEvent>& events() { return events_; }

  const std::vector<HistoryEvent>& events() const { return events_; }

  // The number of events so far: the instant right after the latest.
  std::uint32_t now() const { return static_cast<std::uint32_t>(events_.size()); }

  const HistoryEvent& submission(Request request) const;
  // Index among the events.
  std::size_t submitted_at(Request request) const;
  // Nothing if it never completed.
  std::optional<std::size_t> completed_at(Request request) const;

  // The same history without one flush.
  History without(Request flush) const;

  // The log of it, in format 2, in memory.
  std::shared_ptr<const Log> log() const;

 private:
  Request add(Op op, Place place, char letter, bool fua);

  std::vector<Device> devices_;
  std::vector<HistoryEvent> events_;
  Request next_request_ = 0;
};

// The bytes of `sectors` sectors from `first` on, as a write of `letter` leaves them.
std::string sector_bytes(std::uint64_t first, std::uint64_t sectors, char letter);

// One letter a sector: '.' for zeros, '?' for what no write of a history leaves.
std::string letters_of(std::string_view bytes, std::uint64_t first_sector = 0);

}  // namespace powercut::test
