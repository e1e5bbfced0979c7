// SPDX-License-Identifier: GPL-2.0-only

#include "workload/floors.h"

#include <algorithm>
#include <limits>

namespace powercut {

namespace {

constexpr std::string_view kPosix = "posix";
constexpr std::uint64_t kWhole = std::numeric_limits<std::uint64_t>::max();

void raise(Floor& floor, Step step, std::size_t acknowledgement,
           std::string_view promise) {
  if (!floor.acknowledgement || step > floor.step) {
    floor = Floor{step, acknowledgement, promise};
  }
}

Step latest_of(const std::vector<Step>& steps, const StepBound& done) {
  Step latest = 0;
  for (const Step step : steps) {
    latest = done(step) ? std::max(latest, step) : latest;
  }
  return latest;
}

}  // namespace

struct FloorBuilder::Act {
  std::size_t operation = 0;
  StepBound done;     // everything that had certainly been done
  InodeId inode = 0;  // what was synced
  StepBound before;   // up to the last change of it that was to be made durable
  bool data_only = false;
};

void FloorBuilder::add(Floors& floors, std::size_t index) const {
  Act act;
  act.operation = acks_.operations[index];
  act.done = StepBound::done_at(workload_, acks_, index);
  const Operation& operation = workload_.operations[act.operation];
  if (operation.kind == OpKind::kAcknowledge) {
    keep_claimed(floors, act);
    return;
  }
  if (operation.kind == OpKind::kClaim) {
    keep_copy(floors, act);
    return;
  }
  if (operation.kind == OpKind::kSync || operation.kind == OpKind::kSyncfs) {
    keep_everything(floors, act);
    return;
  }
  act.inode = model_.target(act.operation).inode.value();
  act.data_only = operation.kind == OpKind::kFdatasync ||
                  operation.kind == OpKind::kMsync ||
                  (operation.kind != OpKind::kFsync && !operation.flags.sync);
  const ModelInode& inode = model_.inodes()[act.inode];
  const Step last =
      latest_of(act.data_only ? inode.data_changes : inode.changes, act.done);
  // Of other threads nothing is known but what they did before they were started.
  act.before = StepBound(operation.thread == 0 ? last : std::min(last, act.done.bound()));
  if (inode.type == InodeType::kDirectory) {
    keep_directory(floors, act);
  } else if (operation.kind == OpKind::kFsync || operation.kind == OpKind::kFdatasync) {
    keep_file(floors, act);
  } else {
    keep_written(floors, act);
  }
}

// What the program takes for durable, be it or not. What was there before the write is
// none of it, nor what was written over it since.
void FloorBuilder::keep_claimed(Floors& floors, const Act& act) const {
  const ModelTarget& target = model_.target(act.operation);
  const Step step = static_cast<Step>(target.submitted.value() + 1);
  floors.data[target.inode.value()].push_back({target.offset_bytes,
                                               target.offset_bytes + target.length_bytes,
                                               Floor{step, act.operation, "claimed"}});
}

// What the program takes a copy for: its bytes, and that it is as long.
void FloorBuilder::keep_copy(Floors& floors, const Act& act) const {
  const ModelTarget& target = model_.target(act.operation);
  const InodeId inode = target.inode.value();
  const Step step = static_cast<Step>(act.operation + 1);
  floors.data[inode].push_back(
      {0, target.claimed_bytes, Floor{step, act.operation, "claimed"}});
  raise(floors.sizes[inode], step, act.operation, "claimed");
}

// What has not certainly been waited for may have been in flight when the flush was sent,
// which then does not cover it.
bool FloorBuilder::in_flight(const Act& act, std::size_t operation) const {
  const ModelTarget& target = model_.target(operation);
  return workload_.operations[operation].kind == OpKind::kSubmit &&
         (!target.waited || !act.done(static_cast<Step>(*target.waited + 1)));
}

std::vector<FloorBuilder::Range> FloorBuilder::without_flying(const Act& act,
                                                              InodeId inode,
                                                              Range whole) const {
  std::vector<Range> ranges = {whole};
  for (const std::size_t submit : model_.submits()) {
    const ModelTarget& write = model_.target(submit);
    if (write.inode != inode || !act.done(static_cast<Step>(submit + 1)) ||
        !in_flight(act, submit)) {
      continue;
    }
    std::vector<Range> rest;
    for (const Range& range : ranges) {
      rest.push_back({range.begin, std::min(range.end, write.offset_bytes)});
      rest.push_back(
          {std::max(range.begin, write.offset_bytes + write.length_bytes), range.end});
    }
    std::erase_if(rest, [](const Range& range) { return range.begin >= range.end; });
    ranges = std::move(rest);
  }
  return ranges;
}

// May another thread have changed the content of the file while this one acknowledged?
bool FloorBuilder::is_shared(const Act& act, const ModelInode& node) const {
  const std::uint32_t thread = workload_.operations[act.operation].thread;
  const auto group = std::find_if(
      workload_.groups.begin(), workload_.groups.end(), [&](const auto& each) {
        return each.first <= act.operation && act.operation < each.last;
      });
  if (thread == 0 || group == workload_.groups.end()) {
    return false;
  }
  const auto& versions = node.content.versions();
  return std::any_of(versions.begin(), versions.end(), [&](const auto& version) {
    return version.step > group->first && version.step <= group->last &&
           workload_.operations[version.step - 1].thread != thread;
  });
}

void FloorBuilder::keep_data(Floors& floors, const Act& act, InodeId inode,
                             std::uint64_t begin, std::uint64_t end) const {
  const ModelInode& node = model_.inodes()[inode];
  if (node.type != InodeType::kFile) {
    return;
  }
  const bool threads = is_shared(act, node);
  const auto* content = threads ? node.content.last(StepBound(act.done.bound()))
                                : node.content.last(act.done);
  std::vector<RangeFloor>& ranges = floors.data[inode];
  const std::vector<Range> kept = without_flying(act, inode, {begin, end});
  if (kept.size() == 1 && kept[0].begin == 0 && kept[0].end == kWhole && !threads) {
    ranges.clear();
  }
  for (const Range& range : kept) {
    if (content != nullptr) {
      ranges.push_back(
          {range.begin, range.end, Floor{content->step, act.operation, kPosix}});
    }
  }
  // Of a file that threads share, what was written by whom and when is told by pieces.
  for (std::size_t i = act.done.bound(); threads && i < workload_.operations.size();
       ++i) {
    const ModelTarget& target = model_.target(i);
    const Step step = static_cast<Step>(i + 1);
    if (target.inode == inode && target.length_bytes != 0 && act.done(step) &&
        !in_flight(act, i)) {
      ranges.push_back({std::max(begin, target.offset_bytes),
                        std::min(end, target.offset_bytes + target.length_bytes),
                        Floor{step, act.operation, kPosix}});
    }
  }
  const auto* size = node.size.last(act.done);
  if (size == nullptr) {
    return;
  }
  if (begin == 0 && end == kWhole) {
    raise(floors.sizes[inode], size->step, act.operation, kPosix);
    floors.reach.erase(inode);
  } else {
    floors.reach[inode].push_back({end, Floor{size->step, act.operation, kPosix}});
  }
}

void FloorBuilder::keep_attributes(Floors& floors, const Act& act, InodeId inode,
                                   const StepBound& bound,
                                   std::string_view promise) const {
  raise(floors.attributes[inode], bound.bound(), act.operation, promise);
}

void FloorBuilder::keep_name(Floors& floors, const Act& act, const ModelName& name,
                             const StepBound& bound, std::string_view promise) const {
  const auto* version = model_.names().at(name).last(bound);
  if (version == nullptr) {
    return;
  }
  raise(floors.names[name], version->step, act.operation, promise);
  if (version->value) {
    raise(floors.existence[*version->value], bound.bound(), act.operation, promise);
  }
}

void FloorBuilder::keep_parents(Floors& floors, const Act& act, InodeId directory,
                                const StepBound& bound) const {
  while (directory != kRootInode) {
    const std::vector<ModelName> names = model_.names_of(directory, bound);
    if (names.empty()) {
      return;
    }
    const bool renamed =
        std::count_if(model_.names().begin(), model_.names().end(),
                      [&](const auto& entry) {
                        const auto& versions = entry.second.versions();
                        return std::any_of(
                            versions.begin(), versions.end(), [&](const auto& version) {
                              return bound(version.step) && version.value == directory;
                            });
                      }) > 1;
    if (promises_.parent_names || !renamed) {
      keep_name(floors, act, names[0], bound, renamed ? "parent-names" : "file-names");
    } else {
      raise(floors.existence[directory], bound.bound(), act.operation, "file-names");
    }
    directory = names[0].first;
  }
}

// The names that it has. One that has none any more must not come back.
void FloorBuilder::keep_names_of(Floors& floors, const Act& act) const {
  const StepBound& bound = act.data_only ? act.before : act.done;
  const std::vector<ModelName> names = model_.names_of(act.inode, bound);
  for (const ModelName& name : names) {
    keep_name(floors, act, name, bound, "file-names");
    // A sync that finds nothing to commit keeps no rename above the file.
    keep_parents(floors, act, name.first, act.before);
  }
  if (!names.empty() || act.data_only) {
    return;
  }
  for (const auto& [name, history] : model_.names()) {
    const auto* now = history.last(bound);
    const bool had_it = std::any_of(
        history.versions().begin(), history.versions().end(), [&](const auto& version) {
          return bound(version.step) && version.value == act.inode;
        });
    if (had_it && now != nullptr && !now->value) {
      keep_name(floors, act, name, bound, "file-names");
    }
  }
}

void FloorBuilder::keep_metadata_before(Floors& floors, const Act& act) const {
  for (const auto& [name, history] : model_.names()) {
    keep_name(floors, act, name, act.before, "ordered-metadata");
  }
  for (InodeId id = 1; id < model_.inodes().size(); ++id) {
    if (act.before(model_.inodes()[id].born)) {
      keep_attributes(floors, act, id, act.before, "ordered-metadata");
    }
  }
}

void FloorBuilder::keep_file(Floors& floors, const Act& act) const {
  keep_data(floors, act, act.inode, 0, kWhole);
  if (!act.data_only) {
    keep_attributes(floors, act, act.inode, act.done, kPosix);
  }
  if (promises_.reservations) {
    raise(floors.reserved[act.inode], act.before.bound(), act.operation, "reservations");
  }
  if (promises_.file_names) {
    keep_names_of(floors, act);
  }
  if (promises_.ordered_metadata) {
    keep_metadata_before(floors, act);
  }
}

// A synchronous write, or a part of a mapping.
void FloorBuilder::keep_written(Floors& floors, const Act& act) const {
  const ModelTarget& target = model_.target(act.operation);
  keep_data(floors, act, act.inode, target.offset_bytes,
            target.offset_bytes + target.length_bytes);
  if (workload_.operations[act.operation].kind == OpKind::kMsync) {
    return;
  }
  if (promises_.file_names) {
    keep_names_of(floors, act);
  }
  if (promises_.ordered_metadata) {
    keep_metadata_before(floors, act);
  }
}

void FloorBuilder::keep_directory(Floors& floors, const Act& act) const {
  for (auto name = model_.names().lower_bound({act.inode, ""});
       name != model_.names().end() && name->first.first == act.inode; ++name) {
    keep_name(floors, act, name->first, act.done, kPosix);
  }
  if (act.inode != kRootInode) {
    keep_attributes(floors, act, act.inode, act.done, kPosix);
  }
  if (promises_.file_names && act.inode != kRootInode) {
    keep_names_of(floors, act);
  }
  if (promises_.ordered_metadata) {
    keep_metadata_before(floors, act);
  }
}

void FloorBuilder::keep_everything(Floors& floors, const Act& act) const {
  for (const auto& [name, history] : model_.names()) {
    keep_name(floors, act, name, act.done, kPosix);
  }
  for (InodeId id = 1; id < model_.inodes().size(); ++id) {
    if (!act.done(model_.inodes()[id].born)) {
      continue;
    }
    keep_attributes(floors, act, id, act.done, kPosix);
    keep_data(floors, act, id, 0, kWhole);
    if (promises_.reservations) {
      raise(floors.reserved[id], act.done.bound(), act.operation, "reservations");
    }
  }
}

}  // namespace powercut
