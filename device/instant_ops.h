// SPDX-License-Identifier: GPL-2.0-only
//
// The requests of the kernel to an InstantServer, as FUSE low-level operations.

#pragma once

#include "device/fuse_api.h"
#include "device/instant_nodes.h"
#include "device/open_instants.h"

#include <cstdint>

namespace powercut {

// What the operations work on; the userdata of the session.
struct InstantDirectory {
  InstantDirectory(const InstantTree& of, bool is_read_only, std::int64_t time)
      : tree(of),
        read_only(is_read_only),
        modified_time(time),
        nodes(of),
        instants(of, is_read_only) {}

  const InstantTree& tree;
  bool read_only;
  std::int64_t modified_time;
  InstantNodes nodes;
  OpenInstants instants;
};

const fuse_lowlevel_ops& instant_operations();

}  // namespace powercut
