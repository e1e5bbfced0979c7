// SPDX-License-Identifier: GPL-2.0-only
//
// One state that a power cut can have left: a space and an option for each of its
// variables. It has an id that can be typed.
//
//   c1043.w.all-412-415     cut after 1043 events, whole writes: all pending writes kept
//                           but those of entries 412 and 415
//   c1043.w.none+417        nothing pending kept but 417
//   c1043.512.all:d0u7=412  units of 512 bytes: newest versions everywhere, but unit 7
//                           of device 0 as write 412 left it
//
// Exceptions: -N lost, +N kept, ~N garbage, N may be N#K for piece K (from 1) of a write
// that is not atomic; oN=K option K of the cluster that begins with write N;
// dDuU=N|base|garbage|vK the version of a unit. The id holds for one log, device model
// and fault: a command that rebuilds a state names those too.

#pragma once

#include "base/random.h"
#include "replay/state_space.h"

#include <memory>
#include <string>
#include <vector>

namespace powercut {

struct CrashState {
  std::shared_ptr<const StateSpace> space;
  std::vector<std::uint32_t> options;  // by variable

  std::string id() const;
};

CrashState most_state(std::shared_ptr<const StateSpace> space);
CrashState least_state(std::shared_ptr<const StateSpace> space);
CrashState random_state(std::shared_ptr<const StateSpace> space, Random& random);

// What an id asks for before there is a space for it.
struct StateIdHead {
  Cut cut = 0;
  std::uint32_t atomic_bytes = 0;  // 0: whole writes
};

// The cut and the atomic unit of an id; build the space with them, then state_from_id().
// `end` is that of the timeline: a cut behind it is refused.
Result<StateIdHead> parse_state_head(const std::string& id, Cut end);
Result<CrashState> state_from_id(std::shared_ptr<const StateSpace> space,
                                 const std::string& id);

}  // namespace powercut
