// SPDX-License-Identifier: GPL-2.0-only
//
// An event as it lies in a format-2 segment, to and from the Event that readers see.

#pragma once

#include "log/event.h"

#include <cstddef>
#include <cstdint>
#include <span>

struct pc_event;

namespace powercut {

// The event, which EventCheck has accepted. `data_position` is where the segment's data
// begins in `file`; the mark's text points into `file`.
Event decode_event(const pc_event& raw, std::uint64_t seq, std::uint64_t data_position,
                   std::span<const std::byte> file);

// The other way; `data_offset` is where the event's data begins in the segment's data.
pc_event encode_event(const Event& event, std::uint64_t data_offset);

}  // namespace powercut
