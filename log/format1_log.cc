// SPDX-License-Identifier: GPL-2.0-only

#include "log/format1_log.h"

#include "base/ensure.h"
#include "kernel/log-writes/log_format.h"
#include "log/wire.h"

#include <fmt/format.h>

#include <xxhash.h>

#include <algorithm>
#include <utility>

namespace powercut {

namespace {

constexpr std::uint64_t kIndexStep = 64;

struct HashFree {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};

Visit give_pair(Event event, const Log::Visitor& visitor) {
  if (visitor(event) == Visit::kStop) {
    return Visit::kStop;
  }
  event.type = EventType::kComplete;
  event.ref_seq = event.seq;
  event.data_pos = 0;
  event.data_bytes = 0;
  return visitor(event);
}

Visit give_mark(const Format1Entry& entry, std::uint64_t seq,
                const Log::Visitor& visitor) {
  Event event;
  event.seq = seq;
  event.type = EventType::kMark;
  event.text = entry.mark;
  event.length_bytes = entry.mark.size();
  return visitor(event);
}

Visit give(const Format1Entry& entry, std::uint64_t seq, const Log::Visitor& visitor) {
  if (entry.is_mark()) {
    return give_mark(entry, seq, visitor);
  }
  Event event;
  event.seq = seq;
  event.fua = (entry.flags & PC_LOG1_FUA) != 0;
  event.meta = (entry.flags & PC_LOG1_METADATA) != 0;
  event.offset_bytes = entry.offset_bytes;
  if (entry.is_flush()) {
    event.op = Op::kFlush;
    if (give_pair(event, visitor) == Visit::kStop) {
      return Visit::kStop;
    }
  }
  if (entry.length_bytes == 0) {
    return Visit::kContinue;
  }
  event.op = entry.is_discard() ? Op::kDiscard : Op::kWrite;
  event.length_bytes = entry.length_bytes;
  if (!entry.is_discard()) {
    event.data_pos = entry.data_pos;
    event.data_bytes = entry.length_bytes;
  }
  return give_pair(event, visitor);
}

}  // namespace

// The one pass over the headers that opening makes.
class Format1Log::Pass {
 public:
  Pass(Format1Log& log, std::uint64_t counted, DamageSink& sink)
      : log_(log),
        counted_(counted),
        sink_(sink),
        position_(log.sector_bytes_),
        pages_(log.file_),
        hash_(XXH3_createState()) {
    PC_ENSURE(hash_ != nullptr, "no memory for a hash state");
    XXH3_64bits_reset(hash_.get());
    XXH3_64bits_update(hash_.get(), &log.sector_bytes_, sizeof(log.sector_bytes_));
  }

  void run(bool salvage) {
    take_counted();
    if (salvage && !damaged_ && !ended_) {
      take_salvaged();
    }
    log_.end_bytes_ = std::min(position_, log_.file_.size_bytes());
    log_.digest_ = XXH3_64bits_digest(hash_.get());
    const bool as_qemu = marks_ == 0 && !metadata_ && !fua_;
    if (!damaged_ && !salvaged_ && (ended_ || as_qemu)) {
      log_.end_ = ended_ ? LogEnd::kClean : LogEnd::kUnknown;
    }
    log_.as_qemu_writes_ = as_qemu && writes_ > 0;
    log_.devices_[0].discard = discards_;
  }

 private:
  void take_counted() {
    while (log_.entry_count_ < counted_) {
      auto entry = decode_entry(log_.file_.bytes(), position_, log_.sector_bytes_);
      if (!entry) {
        const std::uint64_t rest =
            log_.file_.size_bytes() - std::min(log_.file_.size_bytes(), position_);
        sink_.on_damage(position_, rest,
                        fmt::format("entry {} at byte {}: {}; {} of the {} entries that "
                                    "the superblock counts were dropped ({} bytes to the "
                                    "end of the file)",
                                    log_.entry_count_, position_, entry.error(),
                                    counted_ - log_.entry_count_, counted_, rest));
        damaged_ = true;
        return;
      }
      take(*entry);
    }
  }

  void take_salvaged() {
    const std::uint64_t from = position_;
    while (!ended_) {
      auto entry = decode_entry(log_.file_.bytes(), position_, log_.sector_bytes_);
      if (!entry || !looks_written(log_.file_.bytes(), position_, log_.sector_bytes_)) {
        break;
      }
      take(*entry);
    }
    if (log_.entry_count_ == counted_) {
      return;
    }
    salvaged_ = true;
    sink_.on_damage(
        from, 0,
        fmt::format("the superblock counts {} entries, {} more from byte {} on are whole "
                    "and were taken, on trust: if the device held an older log they may "
                    "be leftovers of it",
                    counted_, log_.entry_count_ - counted_, from));
  }

  void take(const Format1Entry& entry) {
    if (log_.entry_count_ % kIndexStep == 0) {
      log_.positions_.push_back(position_);
    }
    XXH3_64bits_update(hash_.get(), log_.file_.bytes().data() + position_,
                       sizeof(pc_log1_entry) + entry.mark.size());
    ended_ = entry.is_mark() && entry.mark == kFormat1EndMark;
    marks_ += entry.is_mark() ? 1 : 0;
    writes_ += entry.length_bytes > 0 && !entry.is_discard() ? 1 : 0;
    metadata_ = metadata_ || (entry.flags & PC_LOG1_METADATA) != 0;
    fua_ = fua_ || (entry.flags & PC_LOG1_FUA) != 0;
    discards_ = discards_ || entry.is_discard();
    ++log_.entry_count_;
    position_ = entry.next_pos;
    pages_.passed(position_);
  }

  Format1Log& log_;
  std::uint64_t counted_;  // entries, by the superblock
  DamageSink& sink_;
  std::uint64_t position_;
  PassedPages pages_;
  std::unique_ptr<XXH3_state_t, HashFree> hash_;
  std::uint64_t marks_ = 0;
  std::uint64_t writes_ = 0;
  bool metadata_ = false;
  bool fua_ = false;
  bool discards_ = false;
  bool damaged_ = false;
  bool salvaged_ = false;
  bool ended_ = false;  // the last entry taken is the end mark
};

Format1Log::Format1Log(MappedFile file, std::uint32_t sector_bytes)
    : file_(std::move(file)), sector_bytes_(sector_bytes) {
  Device device;
  device.name = "device";
  device.logical_block_bytes = sector_bytes;
  device.physical_block_bytes = sector_bytes;
  devices_.push_back(device);
}

Result<std::unique_ptr<Log>> Format1Log::open(MappedFile file, const std::string& name,
                                              const LogOptions& options,
                                              DamageSink& sink) {
  if (file.size_bytes() < sizeof(pc_log1_super)) {
    return fail(
        ErrorKind::kBadInput,
        fmt::format("cannot open log {}: it ends at byte {}, within the superblock", name,
                    file.size_bytes()));
  }
  const pc_log1_super super = load_struct<pc_log1_super>(file.bytes(), 0);
  const std::uint64_t version = from_le<std::uint64_t>(super.version);
  if (version != PC_LOG1_VERSION) {
    return fail(ErrorKind::kBadInput,
                fmt::format("cannot open log {}: version {} of format 1 at byte 8 "
                            "(expected {})",
                            name, version, PC_LOG1_VERSION));
  }
  const std::uint32_t sector_bytes = from_le<std::uint32_t>(super.sectorsize);
  if (!is_power_of_two_between(sector_bytes, kMinBlockBytes, kMaxBlockBytes)) {
    return fail(ErrorKind::kBadInput,
                fmt::format("cannot open log {}: unsupported sector size {} at byte 24",
                            name, sector_bytes),
                fmt::format("powers of two from {} to {} are supported; for QEMU's "
                            "blklogwrites set log-sector-size=512",
                            kMinBlockBytes, kMaxBlockBytes));
  }
  file.advise_sequential();
  std::unique_ptr<Format1Log> log(new Format1Log(std::move(file), sector_bytes));
  Pass(*log, from_le<std::uint64_t>(super.nr_entries), sink).run(options.salvage);
  return log;
}

std::string Format1Log::description() const {
  return as_qemu_writes_ ? "format 1 (dm-log-writes; no marks, metadata or FUA flags: as "
                           "QEMU's blklogwrites writes it)"
                         : "format 1 (dm-log-writes)";
}

void Format1Log::visit_from(std::uint64_t seq, const Visitor& visitor) const {
  if (seq >= entry_count_) {
    return;
  }
  std::uint64_t index = seq / kIndexStep * kIndexStep;
  std::uint64_t position = positions_[seq / kIndexStep];
  PassedPages pages(file_, position);
  for (; index < entry_count_; ++index) {
    // Checked when opening, and again: a log that changed meanwhile must not lead us
    // out of the file.
    auto entry = decode_entry(file_.bytes(), position, sector_bytes_);
    if (!entry || (index >= seq && give(*entry, index, visitor) == Visit::kStop)) {
      return;
    }
    position = entry->next_pos;
    pages.passed(position);
  }
}

std::span<const std::byte> Format1Log::bytes(std::uint64_t pos,
                                             std::uint64_t length) const {
  PC_ENSURE(pos <= file_.size_bytes() && length <= file_.size_bytes() - pos,
            "a range of the log that no event named");
  return file_.bytes().subspan(pos, length);
}

}  // namespace powercut
