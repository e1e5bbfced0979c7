// SPDX-License-Identifier: GPL-2.0-only
//
// What had been made durable when a number of acknowledgements had been given: for each
// name, attribute and range of a file the oldest version that a power cut may leave.
// Everything since may be there or not.

#pragma once

#include "workload/acknowledgements.h"
#include "workload/file_model.h"
#include "workload/promises.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

namespace powercut {

struct Floor {
  Step step = 0;
  std::optional<std::size_t> acknowledgement;  // the operation; none: nothing promised
  // "posix", a name of promise_kinds(), or "claimed" where the program says so.
  std::string_view promise;
};

struct RangeFloor {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  Floor floor;
};

struct Floors {
  std::map<ModelName, Floor> names;
  std::map<InodeId, Floor> attributes;
  std::map<InodeId, Floor> sizes;
  std::map<InodeId, Floor> reserved;

  // A synchronous write promises that the file reaches to its end, not that what earlier
  // ones added is there.
  struct Reach {
    std::uint64_t end = 0;
    Floor floor;
  };

  std::map<InodeId, std::vector<Reach>> reach;
  std::map<InodeId, std::vector<RangeFloor>> data;
  // It had a durable name when the step had been taken.
  std::map<InodeId, Floor> existence;
};

class FloorBuilder {
 public:
  FloorBuilder(const Workload& workload, const FileModel& model,
               const Acknowledgements& acks, const Promises& promises)
      : workload_(workload), model_(model), acks_(acks), promises_(promises) {}

  // Adds what acknowledgement number `index` of the list makes durable.
  void add(Floors& floors, std::size_t index) const;

 private:
  struct Act;  // one acknowledgement at work

  struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };

  bool in_flight(const Act& act, std::size_t operation) const;
  bool is_shared(const Act& act, const ModelInode& node) const;
  // The range less what submitted writes that may have been in flight are about.
  std::vector<Range> without_flying(const Act& act, InodeId inode, Range whole) const;

  void keep_claimed(Floors& floors, const Act& act) const;
  void keep_copy(Floors& floors, const Act& act) const;
  void keep_file(Floors& floors, const Act& act) const;
  void keep_written(Floors& floors, const Act& act) const;
  void keep_everything(Floors& floors, const Act& act) const;
  void keep_directory(Floors& floors, const Act& act) const;
  void keep_names_of(Floors& floors, const Act& act) const;
  void keep_metadata_before(Floors& floors, const Act& act) const;
  void keep_name(Floors& floors, const Act& act, const ModelName& name,
                 const StepBound& bound, std::string_view promise) const;
  void keep_parents(Floors& floors, const Act& act, InodeId directory,
                    const StepBound& bound) const;
  void keep_attributes(Floors& floors, const Act& act, InodeId inode,
                       const StepBound& bound, std::string_view promise) const;
  void keep_data(Floors& floors, const Act& act, InodeId inode, std::uint64_t begin,
                 std::uint64_t end) const;

  const Workload& workload_;
  const FileModel& model_;
  const Acknowledgements& acks_;
  const Promises& promises_;
};

}  // namespace powercut
