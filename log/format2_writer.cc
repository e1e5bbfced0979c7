// SPDX-License-Identifier: GPL-2.0-only
//
// A bounded log never runs into its end: before an event is gathered, the segment that
// it would make is measured, and one block behind it stays free for the last segment,
// which says how the log ended. So what was accepted is in the log, whatever happens
// next. A file system that is full is another matter: what was gathered is lost then,
// and the log says so if one block can still be written.

#include "log/format2_writer.h"

#include "kernel/log-writes/log_format.h"
#include "log/wire.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace powercut {

namespace {

constexpr std::uint64_t kSuperStepBytes = 64ULL << 20;

std::uint64_t now_ns(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000ULL +
         static_cast<std::uint64_t>(time.tv_nsec);
}

Result<LogUuid> random_uuid() {
  LogUuid uuid{};
  if (::getrandom(uuid.data(), uuid.size(), 0) != static_cast<ssize_t>(uuid.size())) {
    return fail(system_error("cannot get random bytes for a log's identity", errno));
  }
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0f) | 0x40);  // RFC 4122, version 4
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3f) | 0x80);
  return uuid;
}

Status check_options(const Format2Options& options) {
  PC_RETURN_IF_ERROR(check_devices(options.devices));
  if (!is_power_of_two_between(options.block_bytes, kMinBlockBytes, kMaxBlockBytes)) {
    return fail(ErrorKind::kUsage,
                fmt::format("unsupported block size {} of a log", options.block_bytes));
  }
  const std::uint64_t least = PC_FIRST_SEGMENT_OFFSET + 4ULL * options.block_bytes;
  if (options.log_bytes != 0 && options.log_bytes < least) {
    return fail(ErrorKind::kUsage,
                fmt::format("a log of {} bytes holds nothing: at least "
                            "{} are needed",
                            options.log_bytes, least));
  }
  return {};
}

}  // namespace

Format2Writer::Format2Writer(Fd fd, std::filesystem::path path,
                             const Format2Options& options)
    : fd_(std::move(fd)),
      path_(std::move(path)),
      on_full_(options.on_full),
      record_times_(options.record_times),
      builder_(options.uuid.value(), options.block_bytes) {
  super_.generation = 1;  // the first one written, 2, goes to the first slot
  super_.uuid = *options.uuid;
  super_.log_bytes = options.log_bytes;
  super_.block_bytes = options.block_bytes;
  super_.created_ns = record_times_ ? now_ns(CLOCK_REALTIME) : 0;
  super_.devices = options.devices;
}

Result<std::unique_ptr<Format2Writer>> Format2Writer::create(
    const std::filesystem::path& path, const Format2Options& options) {
  Format2Options chosen = options;
  if (!chosen.uuid) {
    PC_ASSIGN_OR_RETURN(chosen.uuid, random_uuid());
  }
  PC_RETURN_IF_ERROR(check_options(chosen));
  PC_ASSIGN_OR_RETURN(Fd fd, Fd::open(path, O_RDWR | O_CREAT | O_TRUNC));

  struct stat status {};

  if (::fstat(fd.get(), &status) != 0) {
    return fail(system_error(fmt::format("cannot stat {}", path.string()), errno));
  }
  if (S_ISBLK(status.st_mode)) {
    PC_ASSIGN_OR_RETURN(const std::uint64_t device_bytes, size_of(fd, path));
    chosen.log_bytes =
        chosen.log_bytes == 0 ? device_bytes : std::min(chosen.log_bytes, device_bytes);
    PC_RETURN_IF_ERROR(check_options(chosen));
  }
  // An older log's superblock in the second slot must not outvote the first; and a hole
  // could not be read through a mapping where a tmpfs is full.
  const std::vector<std::byte> zeros(PC_FIRST_SEGMENT_OFFSET);
  PC_RETURN_IF_ERROR(write_fully(fd, zeros, 0, path));
  std::unique_ptr<Format2Writer> writer(new Format2Writer(std::move(fd), path, chosen));
  PC_RETURN_IF_ERROR(writer->write_super());
  return writer;
}

Format2Writer::~Format2Writer() {
  if (!closed_ && !stop_cause_ && !builder_.empty()) {
    // Nobody is left to hear of a failure; the reader will.
    static_cast<void>(write_segment(0));
  }
}

Status Format2Writer::check(const Submission& submission,
                            std::span<const std::byte> data) const {
  const std::uint64_t length = submission.length_bytes;
  if (submission.device >= super_.devices.size()) {
    return fail(ErrorKind::kUsage,
                fmt::format("cannot record I/O of device {}: the log {} has {} devices",
                            submission.device, path_.string(), super_.devices.size()));
  }
  const Device& device = super_.devices[submission.device];
  const std::uint64_t limit =
      device.size_bytes != 0 ? device.size_bytes : kMaxDeviceBytes;
  if (submission.offset_bytes > limit || length > limit - submission.offset_bytes) {
    return fail(ErrorKind::kUsage,
                fmt::format("cannot record {} bytes at byte {}: device {} has {} bytes",
                            length, submission.offset_bytes, submission.device, limit));
  }
  const bool op_known = submission.op != Op::kNone && submission.op != Op::kRead;
  const bool length_fits = (length == 0) == (submission.op == Op::kFlush);
  const bool data_fits = data.size() == (submission.op == Op::kWrite ? length : 0);
  if (!op_known || !length_fits || !data_fits || data.size() > PC_SEGMENT_MAX_DATA) {
    return fail(ErrorKind::kUsage,
                fmt::format("cannot record a {} of {} bytes with {} bytes of data",
                            to_string(submission.op), length, data.size()));
  }
  return {};
}

Result<std::uint64_t> Format2Writer::submit(const Submission& submission,
                                            std::span<const std::byte> data) {
  std::lock_guard lock(mutex_);
  PC_RETURN_IF_ERROR(check(submission, data));
  Event event;
  event.type = EventType::kSubmit;
  event.op = submission.op;
  event.device = submission.device;
  event.fua = submission.fua;
  event.meta = submission.meta;
  event.sync = submission.sync;
  event.nounmap = submission.nounmap;
  event.offset_bytes = submission.offset_bytes;
  event.length_bytes = submission.length_bytes;
  event.pid = submission.pid;
  PC_ASSIGN_OR_RETURN(const std::uint64_t seq, append(event, data));
  open_.emplace(seq, Open{submission.op, submission.device, submission.offset_bytes,
                          submission.length_bytes});
  return seq;
}

Status Format2Writer::complete(std::uint64_t seq, std::uint32_t status) {
  std::lock_guard lock(mutex_);
  return complete_locked(seq, status, false, {});
}

Status Format2Writer::complete_unstable(std::uint64_t seq,
                                        std::span<const std::byte> data) {
  std::lock_guard lock(mutex_);
  return complete_locked(seq, 0, true, data);
}

Status Format2Writer::complete_locked(std::uint64_t seq, std::uint32_t status,
                                      bool unstable, std::span<const std::byte> data) {
  const auto found = open_.find(seq);
  if (found == open_.end()) {
    return fail(ErrorKind::kUsage,
                fmt::format("cannot record a completion of seq {}: it is not open", seq));
  }
  const Open open = found->second;
  if (unstable && (open.op != Op::kWrite || data.size() != open.length_bytes)) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("cannot record an unstable {} of {} bytes with {} bytes of data",
                    to_string(open.op), open.length_bytes, data.size()));
  }
  open_.erase(found);
  Event event;
  event.type = EventType::kComplete;
  event.op = open.op;
  event.device = open.device;
  event.offset_bytes = open.offset_bytes;
  event.length_bytes = open.length_bytes;
  event.unstable = unstable;
  event.status = status;
  event.ref_seq = seq;
  PC_RETURN_IF_ERROR(append(event, data));
  if (open.op == Op::kFlush && !builder_.empty()) {
    return write_segment(0);
  }
  return {};
}

Status Format2Writer::mark(std::string_view text) {
  if (text.empty() || text.size() > PC_MARK_MAX_BYTES ||
      text.find('\0') != std::string_view::npos) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("a mark has 1 to {} bytes, none of them zero; this one has {}",
                    PC_MARK_MAX_BYTES, text.size()));
  }
  std::lock_guard lock(mutex_);
  Event event;
  event.type = EventType::kMark;
  event.length_bytes = text.size();
  PC_RETURN_IF_ERROR(append(event, std::as_bytes(std::span(text))));
  if (stop_cause_) {
    return {};
  }
  PC_RETURN_IF_ERROR(write_segment(0));
  if (::fdatasync(fd_.get()) != 0) {
    return fail(system_error(fmt::format("cannot sync {}", path_.string()), errno));
  }
  return {};
}

Status Format2Writer::sync() {
  std::lock_guard lock(mutex_);
  return builder_.empty() ? Status{} : write_segment(0);
}

Status Format2Writer::close() {
  std::lock_guard lock(mutex_);
  if (closed_) {
    return {};
  }
  closed_ = true;
  if (!stop_cause_) {
    PC_RETURN_IF_ERROR(write_segment(PC_SEGMENT_END));
    super_.clean = !stop_cause_.has_value();
  }
  PC_RETURN_IF_ERROR(write_super());
  if (::fdatasync(fd_.get()) != 0) {
    return fail(system_error(fmt::format("cannot sync {}", path_.string()), errno));
  }
  return {};
}

bool Format2Writer::stopped() const {
  std::lock_guard lock(mutex_);
  return stop_cause_.has_value();
}

std::string Format2Writer::stop_cause() const {
  std::lock_guard lock(mutex_);
  return stop_cause_ ? stop_cause_->message : std::string();
}

Result<std::uint64_t> Format2Writer::append(Event event,
                                            std::span<const std::byte> data) {
  if (closed_) {
    return fail(ErrorKind::kUsage,
                fmt::format("cannot record: the log {} is closed", path_.string()));
  }
  if (!stop_cause_ && !builder_.has_room(data.size())) {
    PC_RETURN_IF_ERROR(write_segment(0));
  }
  if (!stop_cause_ && !fits(data.size())) {
    stop(Error{ErrorKind::kSystem,
               fmt::format("the log {} is full: {} of its {} bytes are used",
                           path_.string(), builder_.offset(), super_.log_bytes),
               "give it more room, or let logging stop instead"});
  }
  if (stop_cause_) {
    PC_RETURN_IF_ERROR(refusal());
    return next_seq_++;
  }
  event.time_ns = record_times_ ? now_ns(CLOCK_MONOTONIC) : 0;
  builder_.add(event, data);
  const std::uint64_t seq = next_seq_++;
  if (builder_.wants_writing()) {
    PC_RETURN_IF_ERROR(write_segment(0));
  }
  return seq;
}

bool Format2Writer::fits(std::uint64_t data_bytes) const {
  return super_.log_bytes == 0 ||
         builder_.offset() + builder_.bytes_with(data_bytes) + super_.block_bytes <=
             super_.log_bytes;
}

Status Format2Writer::write_segment(std::uint32_t flags) {
  const std::uint64_t time_ns = record_times_ ? now_ns(CLOCK_REALTIME) : 0;
  const Status written = builder_.write(fd_, path_, flags, time_ns);
  if (!written) {
    // What of it came onto a full file system is given back: the end of the log then
    // fits, and no hole stays where the header was to be. A block device refuses, and
    // needs not.
    static_cast<void>(::ftruncate(fd_.get(), static_cast<off_t>(builder_.offset())));
    builder_.discard();
    stop(written.error());
    return refusal();
  }
  super_.tail_offset = builder_.last_offset();
  super_.tail_seq = next_seq_;
  if (builder_.offset() - super_offset_ >= kSuperStepBytes) {
    return write_super();
  }
  return {};
}

Status Format2Writer::write_super() {
  ++super_.generation;
  super_offset_ = builder_.offset();
  return write_fully(fd_, encode_super(super_), slot_offset(super_.generation), path_);
}

// Writes what was gathered and the segment that says that no more comes. The cause is
// set first: a failure in here must not come back to here.
void Format2Writer::stop(const Error& cause) {
  if (stop_cause_) {
    return;
  }
  stop_cause_ = cause;
  const std::uint64_t time_ns = record_times_ ? now_ns(CLOCK_REALTIME) : 0;
  static_cast<void>(builder_.write(fd_, path_, PC_SEGMENT_STOPPED, time_ns));
  builder_.discard();
}

Status Format2Writer::refusal() const {
  if (on_full_ == OnFull::kStop) {
    return {};
  }
  return fail(*stop_cause_);
}

}  // namespace powercut
