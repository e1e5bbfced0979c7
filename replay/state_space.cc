// SPDX-License-Identifier: GPL-2.0-only

#include "replay/state_space.h"

#include "base/ensure.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace powercut {

namespace {

constexpr std::uint32_t kSectorBytes = 512;

WriteIndex writes_before(const Timeline& timeline, Cut cut) {
  std::span<const Write> writes = timeline.writes();
  auto it = std::partition_point(writes.begin(), writes.end(),
                                 [&](const Write& write) { return write.submit < cut; });
  return static_cast<WriteIndex>(it - writes.begin());
}

void fill_garbage(UnitKey unit, std::uint32_t skip_bytes, std::span<std::byte> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint64_t word = (unit * 0x9e3779b97f4a7c15ULL) ^ ((skip_bytes + i) / 8);
    word *= 0xbf58476d1ce4e5b9ULL;
    out[i] = static_cast<std::byte>(word >> (8 * ((skip_bytes + i) % 8)) | 1);
  }
}

}  // namespace

StateSpace::StateSpace(std::shared_ptr<const Recording> recording, Cut cut)
    : recording_(std::move(recording)),
      cut_(cut),
      submitted_(writes_before(recording_->timeline(), cut)),
      unit_bytes_(recording_->timeline().granularity_bytes()) {}

std::shared_ptr<const StateSpace> StateSpace::linear(
    std::shared_ptr<const Recording> recording, Cut cut, std::set<WriteIndex> without) {
  std::shared_ptr<StateSpace> space(new StateSpace(std::move(recording), cut));
  space->without_ = std::move(without);
  return space;
}

std::span<const WriteIndex> StateSpace::cluster_option(Variable variable,
                                                       std::uint32_t option) const {
  return clusters_[subjects_[variable].cluster].options[option];
}

std::uint32_t StateSpace::most(Variable variable) const {
  const Subject& subject = subjects_[variable];
  bool garbage = model_.fault.kind == FaultModel::Kind::kCorrupt &&
                 subject.cluster == kNone &&
                 (subject.write != kNoWrite ||
                  unit_versions_[variable].back().kind == Version::Kind::kGarbage);
  return option_counts_[variable] - (garbage ? 2 : 1);  // garbage comes last
}

bool StateSpace::covers(const Write& write, UnitKey unit) const {
  std::uint64_t begin = number_of(unit) * unit_bytes_;
  return write.offset_bytes <= begin && write.end_bytes() >= begin + unit_bytes_;
}

// Writes that some state can show at a unit: those that no durable write, landed surely
// later, lies over.
StateSpace::Candidates StateSpace::candidates(UnitKey unit) const {
  const Timeline& timeline = recording_->timeline();
  if (unit_bytes_ > timeline.granularity_bytes()) {
    return candidates_by_sector(unit);
  }
  Candidates result;
  BlockIndex::Cursor cursor = recording_->index().covering(
      device_of(unit), number_of(unit) * unit_bytes_, unit_bytes_, submitted_);
  EventPos closed_before =
      0;  // all that completed before this lies under a durable write
  for (WriteIndex i = cursor.next(); i != kNoWrite; i = cursor.next()) {
    if (durability_->ignored(i)) {
      continue;
    }
    const Write& write = timeline.write(i);
    bool durable = durability_->durable(i, cut_);
    bool whole = covers(write, unit);
    bool hidden =
        std::any_of(result.list.begin(), result.list.end(), [&](const Candidate& newer) {
          return newer.durable && newer.whole && timeline.ordered_before(i, newer.write);
        });
    if (!hidden) {
      result.list.push_back(Candidate{i, durable, whole});
    }
    if (durable && whole) {
      result.base_visible = false;
      closed_before = std::max(closed_before, write.submit);
    }
    if (closed_before != 0 && cursor.latest_complete_of_rest() < closed_before) {
      break;
    }
  }
  std::reverse(result.list.begin(), result.list.end());
  // A write can be hidden by a durable one that was submitted before it.
  std::erase_if(result.list, [&](const Candidate& candidate) {
    return std::any_of(
        result.list.begin(), result.list.end(), [&](const Candidate& other) {
          return other.durable && other.whole && other.write != candidate.write &&
                 timeline.ordered_before(candidate.write, other.write);
        });
  });
  return result;
}

// The same where a write may cover a part of the unit only: a write is hidden when each
// of its sectors lies under some durable write.
StateSpace::Candidates StateSpace::candidates_by_sector(UnitKey unit) const {
  const Timeline& timeline = recording_->timeline();
  Candidates result;
  std::size_t sectors = unit_bytes_ / kSectorBytes;
  std::uint64_t begin = number_of(unit) * unit_bytes_;
  BlockIndex::Cursor cursor =
      recording_->index().covering(device_of(unit), begin, unit_bytes_, submitted_);
  auto covers_sector = [&](const Write& write, std::size_t sector) {
    std::uint64_t at = begin + sector * kSectorBytes;
    return at >= write.offset_bytes && at < write.end_bytes();
  };
  auto hidden = [&](WriteIndex index) {
    for (std::size_t s = 0; s < sectors; ++s) {
      if (covers_sector(timeline.write(index), s) &&
          std::none_of(result.list.begin(), result.list.end(),
                       [&](const Candidate& other) {
                         return other.durable && other.write != index &&
                                covers_sector(timeline.write(other.write), s) &&
                                timeline.ordered_before(index, other.write);
                       })) {
        return false;
      }
    }
    return true;
  };
  std::vector<EventPos> closed(sectors, 0);
  for (WriteIndex i = cursor.next(); i != kNoWrite; i = cursor.next()) {
    if (durability_->ignored(i)) {
      continue;
    }
    const Write& write = timeline.write(i);
    bool durable = durability_->durable(i, cut_);
    if (!hidden(i)) {
      result.list.push_back(Candidate{i, durable, covers(write, unit)});
    }
    for (std::size_t s = 0; durable && s < sectors; ++s) {
      if (covers_sector(write, s)) {
        closed[s] = std::max(closed[s], write.submit);
      }
    }
    EventPos closed_before = *std::min_element(closed.begin(), closed.end());
    if (closed_before != 0 && cursor.latest_complete_of_rest() < closed_before) {
      break;
    }
  }
  std::reverse(result.list.begin(), result.list.end());
  std::vector<Candidate> shown;
  for (const Candidate& candidate : result.list) {
    if (!hidden(candidate.write)) {
      shown.push_back(candidate);
    }
  }
  result.list = std::move(shown);
  result.base_visible = std::none_of(
      result.list.begin(), result.list.end(),
      [](const Candidate& candidate) { return candidate.durable && candidate.whole; });
  return result;
}

UnitQuestion StateSpace::resolve_linear(UnitKey unit) const {
  const Timeline& timeline = recording_->timeline();
  UnitQuestion question;
  BlockIndex::Cursor cursor = recording_->index().covering(
      device_of(unit), number_of(unit) * unit_bytes_, unit_bytes_, submitted_);
  WriteIndex best = kNoWrite;
  for (WriteIndex i = cursor.next(); i != kNoWrite; i = cursor.next()) {
    const Write& write = timeline.write(i);
    bool counts = write.complete < cut_ && !write.has(kWriteFailed) &&
                  !without_.contains(i) &&
                  (durability_ == nullptr || !durability_->ignored(i));
    if (counts && (best == kNoWrite || write.complete > timeline.write(best).complete ||
                   (write.complete == timeline.write(best).complete && i > best))) {
      best = i;
    }
    if (best != kNoWrite &&
        cursor.latest_complete_of_rest() < timeline.write(best).complete) {
      break;
    }
  }
  if (best != kNoWrite) {
    question.forced = Version{Version::Kind::kWrite, best};
  }
  return question;
}

UnitQuestion StateSpace::resolve(UnitKey unit) const {
  if (durability_ == nullptr || model_.device == DeviceModel::kOrdered) {
    return resolve_linear(unit);
  }
  UnitQuestion question;
  auto variable = variable_of_unit_.find(unit);
  if (variable != variable_of_unit_.end()) {
    question.kind = UnitQuestion::Kind::kUnit;
    question.variable = variable->second;
    question.versions = unit_versions_[variable->second];
    return question;
  }
  Candidates found = candidates(unit);
  Version bottom;
  std::size_t durable = 0;
  bool cluster = false;
  for (const Candidate& candidate : found.list) {
    auto var = variable_of_write_.find(candidate.write);
    if (var != variable_of_write_.end() && is_cluster(var->second)) {
      cluster = true;
    }
    if (candidate.durable) {
      ++durable;
      bottom = Version{Version::Kind::kWrite, candidate.write};
    }
  }
  if (cluster) {
    question.kind = UnitQuestion::Kind::kCluster;
    question.base_visible = found.base_visible;
    for (const Candidate& candidate : found.list) {
      question.writes.push_back(candidate.write);
      auto var = variable_of_write_.find(candidate.write);
      if (var != variable_of_write_.end() &&
          std::find(question.variables.begin(), question.variables.end(), var->second) ==
              question.variables.end()) {
        question.variables.push_back(var->second);
      }
    }
    return question;
  }
  PC_ENSURE(durable <= 1, "durable writes without an order form a cluster");
  if (model_.atomic_bytes != 0) {
    // Unit atomicity: whatever is ambiguous has a variable.
    PC_ENSURE(found.list.size() + (found.base_visible ? 1 : 0) <= 1,
              "an ambiguous unit has a variable");
    question.forced = bottom;
    return question;
  }
  for (const Candidate& candidate : found.list) {
    if (!candidate.durable) {
      question.links.push_back(
          UnitQuestion::Link{variable_of_write_.at(candidate.write),
                             Version{Version::Kind::kWrite, candidate.write}});
    }
  }
  if (question.links.empty()) {
    question.forced = bottom;
    return question;
  }
  question.kind = UnitQuestion::Kind::kChain;
  question.bottom = bottom;
  return question;
}

StateSpace::Look StateSpace::look(UnitKey unit) const {
  std::lock_guard<std::mutex> lock(mutex_);
  Slot* slot = slots_.find(unit);
  if (slot == nullptr) {
    UnitQuestion question = resolve(unit);
    Slot made;
    made.forced = question.kind == UnitQuestion::Kind::kForced;
    made.version = question.forced;
    if (!made.forced) {
      made.question = static_cast<std::uint32_t>(questions_.size());
      questions_.push_back(std::make_unique<UnitQuestion>(std::move(question)));
    }
    slot = &slots_.insert(unit, made);
  }
  if (slot->forced) {
    return Look{slot->version, nullptr};
  }
  return Look{{}, questions_[slot->question].get()};
}

void StateSpace::trim() const {
  std::lock_guard<std::mutex> lock(mutex_);
  slots_.clear();
  questions_.clear();
}

Version StateSpace::version_at(UnitKey unit,
                               std::span<const std::uint32_t> options) const {
  Look known = look(unit);
  return known.question == nullptr ? known.version : version(*known.question, options);
}

bool StateSpace::in_cluster_before(WriteIndex a, WriteIndex b,
                                   std::span<const std::uint32_t> options) const {
  auto of_a = variable_of_write_.find(a);
  auto of_b = variable_of_write_.find(b);
  const Timeline& timeline = recording_->timeline();
  if (timeline.ordered_before(a, b)) {
    return true;
  }
  if (timeline.ordered_before(b, a)) {
    return false;
  }
  PC_ENSURE(of_a != variable_of_write_.end() && of_b != variable_of_write_.end() &&
                of_a->second == of_b->second,
            "writes without an order are in one cluster");
  std::span<const WriteIndex> landed =
      cluster_option(of_a->second, options[of_a->second]);
  return std::find(landed.begin(), landed.end(), a) <
         std::find(landed.begin(), landed.end(), b);
}

Version StateSpace::version(const UnitQuestion& question,
                            std::span<const std::uint32_t> options) const {
  switch (question.kind) {
    case UnitQuestion::Kind::kForced:
      return question.forced;
    case UnitQuestion::Kind::kUnit:
      return question.versions[options[question.variable]];
    case UnitQuestion::Kind::kChain:
      for (std::size_t i = question.links.size(); i-- > 0;) {
        const UnitQuestion::Link& link = question.links[i];
        if (options[link.variable] == 1) {
          return link.kept;
        }
        if (options[link.variable] == 2) {
          return Version{Version::Kind::kGarbage, 0};
        }
      }
      return question.bottom;
    case UnitQuestion::Kind::kCluster:
      break;
  }
  WriteIndex top = kNoWrite;
  bool garbage = false;
  for (WriteIndex write : question.writes) {
    auto variable = variable_of_write_.find(write);
    bool landed = true;
    bool is_garbage = false;
    if (variable != variable_of_write_.end()) {
      std::uint32_t option = options[variable->second];
      if (is_cluster(variable->second)) {
        std::span<const WriteIndex> order = cluster_option(variable->second, option);
        landed = std::find(order.begin(), order.end(), write) != order.end();
      } else {
        landed = option != 0;
        is_garbage = option == 2;
      }
    }
    if (landed && (top == kNoWrite || in_cluster_before(top, write, options))) {
      top = write;
      garbage = is_garbage;
    }
  }
  if (top == kNoWrite) {
    PC_ENSURE(question.base_visible, "a unit without a base has a durable write");
    return Version{};
  }
  return garbage ? Version{Version::Kind::kGarbage, 0}
                 : Version{Version::Kind::kWrite, top};
}

void StateSpace::read_version(UnitKey unit, const Version& version,
                              std::uint32_t skip_bytes, std::span<std::byte> out) const {
  std::uint64_t offset = number_of(unit) * unit_bytes_ + skip_bytes;
  switch (version.kind) {
    case Version::Kind::kBase: {
      const BlockSource* base = recording_->base(device_of(unit));
      if (base == nullptr) {
        std::fill(out.begin(), out.end(), std::byte{0});
      } else {
        base->read(offset, out);
      }
      return;
    }
    case Version::Kind::kGarbage:
      fill_garbage(unit, skip_bytes, out);
      return;
    case Version::Kind::kWrite: {
      const Write& write = recording_->timeline().write(version.ref);
      if (write.op != Op::kWrite) {
        std::fill(out.begin(), out.end(), std::byte{0});
        return;
      }
      std::span<const std::byte> data =
          recording_->timeline().data(write, offset - write.offset_bytes, out.size());
      std::memcpy(out.data(), data.data(), out.size());
      return;
    }
    case Version::Kind::kMixed:
      break;
  }
  std::span<const WriteIndex> sectors = mixed(version.ref);
  while (!out.empty()) {
    std::uint32_t sector = skip_bytes / kSectorBytes;
    std::size_t part =
        std::min<std::size_t>(out.size(), kSectorBytes - skip_bytes % kSectorBytes);
    WriteIndex writer = sectors[sector];
    Version of_sector =
        writer == kNoWrite ? Version{} : Version{Version::Kind::kWrite, writer};
    read_version(unit, of_sector, skip_bytes, out.first(part));
    out = out.subspan(part);
    skip_bytes += static_cast<std::uint32_t>(part);
  }
}

}  // namespace powercut
