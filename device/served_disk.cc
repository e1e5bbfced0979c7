// SPDX-License-Identifier: GPL-2.0-only

#include "device/served_disk.h"

#include "base/ensure.h"
#include "device/memory_overlay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <thread>
#include <utility>

namespace powercut {
namespace {

std::uint64_t round_down(std::uint64_t bytes) {
  return bytes & ~(kSectorBytes - 1ULL);
}

std::uint64_t round_up(std::uint64_t bytes) {
  return round_down(bytes + kSectorBytes - 1);
}

}  // namespace

ServedDisk::ServedDisk(std::uint64_t size_bytes,
                       std::shared_ptr<const BlockSource> source, Options options)
    : overlay_(std::move(options.overlay)),
      recorder_(options.recorder),
      device_(options.device),
      read_only_(options.read_only),
      size_bytes_(size_bytes),
      source_(std::move(source)) {
  PC_ENSURE(size_bytes % kSectorBytes == 0, "a disk has whole sectors");
  PC_ENSURE(!source_ || source_->size_bytes() >= size_bytes, "a source fills its disk");
  if (!overlay_) {
    overlay_ = std::make_unique<MemoryOverlay>();
  }
  if (options.footprint_unit_bytes != 0) {
    footprint_.emplace(size_bytes, options.footprint_unit_bytes);
  }
}

ServedDisk::ServedDisk(const std::shared_ptr<const BlockSource>& source, Options options)
    : ServedDisk(source->size_bytes(), source, std::move(options)) {}

ServedDisk::~ServedDisk() = default;

bool ServedDisk::in_range(std::uint64_t offset_bytes, std::uint64_t length_bytes) const {
  const std::uint64_t size = size_bytes();
  return offset_bytes <= size && length_bytes <= size - offset_bytes;
}

// With mutex_ held at least shared: a unit counts as read if any byte of the range in it
// comes from the source.
void ServedDisk::note_read(std::uint64_t offset_bytes, std::uint64_t length_bytes) {
  const std::lock_guard<std::mutex> lock(side_mutex_);
  ++counters_.reads;
  counters_.read_bytes += length_bytes;
  if (!footprint_ || length_bytes == 0) {
    return;
  }
  const std::uint64_t unit_bytes = footprint_->unit_bytes();
  const std::uint64_t end = offset_bytes + length_bytes;
  for (std::uint64_t at = offset_bytes; at < end;) {
    const std::uint64_t unit = at / unit_bytes;
    const std::uint64_t next = std::min(end, (unit + 1) * unit_bytes);
    if (!footprint_->knows(unit) && !overlay_->covers(at, next - at)) {
      footprint_->add(unit);
    }
    at = next;
  }
}

int ServedDisk::read_locked(std::uint64_t offset_bytes, std::span<std::byte> out) {
  note_read(offset_bytes, out.size());
  Error error;
  try {
    const int status = overlay_->read(offset_bytes, out, source_.get());
    if (status == 0) {
      return 0;
    }
    error = system_error("cannot read the overlay", status);
  } catch (const Failure& failure) {
    error = failure.error();
  } catch (const std::exception& exception) {
    error = Error{ErrorKind::kSystem, exception.what(), {}};
  }
  const std::lock_guard<std::mutex> lock(side_mutex_);
  if (!read_error_) {
    read_error_ = std::move(error);
  }
  return EIO;
}

int ServedDisk::read(std::uint64_t offset_bytes, std::span<std::byte> out) {
  const std::shared_lock<std::shared_mutex> lock(mutex_);
  return in_range(offset_bytes, out.size()) ? read_locked(offset_bytes, out) : EINVAL;
}

// With mutex_ held alone.
int ServedDisk::apply(const Submission& submission, std::span<const std::byte> data) {
  if (!in_range(submission.offset_bytes, submission.length_bytes)) {
    return EINVAL;
  }
  {
    const std::lock_guard<std::mutex> lock(side_mutex_);
    if (submission.op == Op::kWrite) {
      ++counters_.writes;
      counters_.written_bytes += data.size();
    } else {
      ++counters_.discards;
    }
  }
  return submission.op == Op::kWrite
             ? overlay_->write(submission.offset_bytes, data)
             : overlay_->zero(submission.offset_bytes, submission.length_bytes);
}

int ServedDisk::record_failed(const Error& error) {
  const std::lock_guard<std::mutex> lock(side_mutex_);
  if (!recorder_error_) {
    recorder_error_ = error;
  }
  recorder_failed_.store(true);
  return EIO;
}

// The one way to change the disk. `locked`: the caller holds mutex_ alone.
int ServedDisk::submit_and_apply(Submission submission, std::span<const std::byte> data,
                                 const WriteFlags& flags, bool locked) {
  submission.device = device_;
  submission.pid = flags.pid;
  submission.fua = flags.fua;
  submission.meta = flags.meta;
  submission.sync = flags.sync;
  std::uint64_t seq = 0;
  EventSink* const recorder = recorder_.load();
  if (recorder != nullptr) {
    if (recorder_failed_.load()) {
      return EIO;
    }
    const Result<std::uint64_t> submitted = recorder->submit(submission, data);
    if (!submitted) {
      return record_failed(submitted.error());
    }
    seq = *submitted;
    const std::chrono::milliseconds latency = latency_.load();
    if (latency.count() > 0 && !locked) {
      std::this_thread::sleep_for(latency);
    }
  }
  std::unique_lock<std::shared_mutex> lock(mutex_, std::defer_lock);
  if (!locked) {
    lock.lock();
  }
  const int status = apply(submission, data);
  if (recorder != nullptr) {
    const Status completed = recorder->complete(seq, static_cast<std::uint32_t>(status));
    if (!completed) {
      return record_failed(completed.error());
    }
  }
  return status;
}

// Widens the write to whole sectors with what the disk holds. All under the lock, for
// two writes to the two halves of a sector must not undo each other.
int ServedDisk::write_part_of_sectors(std::uint64_t offset_bytes,
                                      std::span<const std::byte> data,
                                      const WriteFlags& flags) {
  const std::uint64_t begin = round_down(offset_bytes);
  const std::uint64_t data_end = offset_bytes + data.size();
  const std::uint64_t end = round_up(data_end);
  std::vector<std::byte> sectors(end - begin);
  const std::unique_lock<std::shared_mutex> lock(mutex_);
  if (begin < offset_bytes) {
    if (const int error = read_locked(begin, std::span(sectors).first(kSectorBytes));
        error != 0) {
      return error;
    }
  }
  const std::uint64_t last = end - kSectorBytes;
  if (data_end < end && (last != begin || begin == offset_bytes)) {
    if (const int error = read_locked(last, std::span(sectors).last(kSectorBytes));
        error != 0) {
      return error;
    }
  }
  std::memcpy(sectors.data() + (offset_bytes - begin), data.data(), data.size());
  Submission submission;
  submission.op = Op::kWrite;
  submission.offset_bytes = begin;
  submission.length_bytes = sectors.size();
  return submit_and_apply(submission, sectors, flags, true);
}

int ServedDisk::write(std::uint64_t offset_bytes, std::span<const std::byte> data,
                      const WriteFlags& flags) {
  if (read_only_) {
    return EROFS;
  }
  if (!in_range(offset_bytes, data.size())) {
    return EINVAL;
  }
  if (data.empty()) {
    return 0;
  }
  if (offset_bytes % kSectorBytes != 0 || data.size() % kSectorBytes != 0) {
    return write_part_of_sectors(offset_bytes, data, flags);
  }
  Submission submission;
  submission.op = Op::kWrite;
  submission.offset_bytes = offset_bytes;
  submission.length_bytes = data.size();
  return submit_and_apply(submission, data, flags, false);
}

// The whole sectors of the range as `op`, its ends as writes of zeros.
int ServedDisk::clear(Op op, bool nounmap, std::uint64_t offset_bytes,
                      std::uint64_t length_bytes, const WriteFlags& flags) {
  if (read_only_) {
    return EROFS;
  }
  if (!in_range(offset_bytes, length_bytes)) {
    return EINVAL;
  }
  const std::uint64_t end = offset_bytes + length_bytes;
  const std::uint64_t first = std::min(round_up(offset_bytes), end);
  const std::uint64_t last = std::max(round_down(end), first);
  const std::vector<std::byte> zeros(kSectorBytes);
  int status = write(offset_bytes, std::span(zeros).first(first - offset_bytes), flags);
  if (status == 0 && last > first) {
    Submission submission;
    submission.op = op;
    submission.nounmap = nounmap;
    submission.offset_bytes = first;
    submission.length_bytes = last - first;
    status = submit_and_apply(submission, {}, flags, false);
  }
  if (status == 0 && end > last) {
    status = write(last, std::span(zeros).first(end - last), flags);
  }
  return status;
}

int ServedDisk::discard(std::uint64_t offset_bytes, std::uint64_t length_bytes,
                        const WriteFlags& flags) {
  return clear(Op::kDiscard, false, offset_bytes, length_bytes, flags);
}

int ServedDisk::write_zeroes(std::uint64_t offset_bytes, std::uint64_t length_bytes,
                             bool nounmap, const WriteFlags& flags) {
  return clear(Op::kWriteZeroes, nounmap, offset_bytes, length_bytes, flags);
}

int ServedDisk::flush(const WriteFlags& flags) {
  {
    const std::lock_guard<std::mutex> lock(side_mutex_);
    ++counters_.flushes;
  }
  EventSink* const recorder = recorder_.load();
  if (recorder == nullptr) {
    return 0;
  }
  if (recorder_failed_.load()) {
    return EIO;
  }
  Submission submission;
  submission.device = device_;
  submission.op = Op::kFlush;
  submission.pid = flags.pid;
  const Result<std::uint64_t> seq = recorder->submit(submission, {});
  if (!seq) {
    return record_failed(seq.error());
  }
  const Status completed = recorder->complete(*seq, 0);
  return completed ? 0 : record_failed(completed.error());
}

void ServedDisk::reset(std::shared_ptr<const BlockSource> source) {
  const std::unique_lock<std::shared_mutex> lock(mutex_);
  const std::lock_guard<std::mutex> side_lock(side_mutex_);
  counters_ = {};
  read_error_.reset();
  if (const int error = overlay_->reset(); error != 0) {
    read_error_ = system_error("cannot reset the overlay", error);
  }
  const std::uint64_t size = source ? source->size_bytes() : size_bytes();
  PC_ENSURE(size % kSectorBytes == 0, "a disk has whole sectors");
  if (footprint_ && size != size_bytes()) {
    footprint_.emplace(size, footprint_->unit_bytes());
  } else if (footprint_) {
    footprint_->reset();
  }
  size_bytes_.store(size);
  source_ = std::move(source);
}

void ServedDisk::forget_changes() {
  const std::unique_lock<std::shared_mutex> lock(mutex_);
  const std::lock_guard<std::mutex> side_lock(side_mutex_);
  if (const int error = overlay_->reset(); error != 0 && !read_error_) {
    read_error_ = system_error("cannot reset the overlay", error);
  }
}

void ServedDisk::record_to(EventSink* recorder) {
  const std::unique_lock<std::shared_mutex> lock(mutex_);
  const std::lock_guard<std::mutex> side_lock(side_mutex_);
  recorder_failed_.store(false);
  recorder_error_.reset();
  recorder_.store(recorder);
}

void ServedDisk::set_footprint_unit(std::uint32_t unit_bytes) {
  const std::unique_lock<std::shared_mutex> lock(mutex_);
  const std::lock_guard<std::mutex> side_lock(side_mutex_);
  footprint_.emplace(size_bytes(), unit_bytes);
}

void ServedDisk::begin_probe(std::size_t index) {
  const std::lock_guard<std::mutex> lock(side_mutex_);
  if (footprint_) {
    footprint_->begin_probe(index);
  }
}

std::vector<std::uint64_t> ServedDisk::footprint(std::size_t probe) const {
  const std::lock_guard<std::mutex> lock(side_mutex_);
  return footprint_ ? footprint_->units(probe) : std::vector<std::uint64_t>{};
}

DiskCounters ServedDisk::counters() const {
  const std::lock_guard<std::mutex> lock(side_mutex_);
  return counters_;
}

std::optional<Error> ServedDisk::recorder_error() const {
  const std::lock_guard<std::mutex> lock(side_mutex_);
  return recorder_error_;
}

std::optional<Error> ServedDisk::read_error() const {
  const std::lock_guard<std::mutex> lock(side_mutex_);
  return read_error_;
}

}  // namespace powercut
