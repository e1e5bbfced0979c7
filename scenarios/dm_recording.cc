// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/dm_recording.h"

#include "base/new_file.h"
#include "device/block_device.h"
#include "device/device_mapper.h"
#include "log/format1_writer.h"
#include "log/log_place.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace powercut {

namespace {

// The disks and the log as they are before anything is changed.
struct Parts {
  std::vector<BlockDevice> disks;
  BlockDevice log;
};

Status check_log_device(const BlockDevice& log, bool force) {
  PC_ASSIGN_OR_RETURN(const LogPlace place, look_at_log_place(log.path));
  if (place == LogPlace::kOther && !force) {
    return fail(ErrorKind::kUsage,
                fmt::format("cannot log to {}: there is something on it that is no log",
                            log.path.string()),
                "it would be lost; if it may be: --force");
  }
  return {};
}

Status check_different(const BlockDevice& a, const BlockDevice& b) {
  if (a.number != b.number) {
    return {};
  }
  return fail(
      ErrorKind::kUsage,
      fmt::format("{} and {} are the same device", a.path.string(), b.path.string()),
      "the log and every recorded disk need a device of their own");
}

Result<Parts> look_up(const DmRecordingOptions& options) {
  Parts parts;
  PC_ASSIGN_OR_RETURN(parts.log, BlockDevice::look_up(options.log));
  for (const DmRecordingOptions::Disk& disk : options.disks) {
    PC_ASSIGN_OR_RETURN(BlockDevice device, BlockDevice::look_up(disk.path));
    PC_RETURN_IF_ERROR(check_different(device, parts.log));
    for (const BlockDevice& other : parts.disks) {
      PC_RETURN_IF_ERROR(check_different(device, other));
    }
    parts.disks.push_back(std::move(device));
  }
  for (const BlockDevice& disk : parts.disks) {
    PC_RETURN_IF_ERROR(disk.check_unused());
  }
  PC_RETURN_IF_ERROR(parts.log.check_unused());
  PC_RETURN_IF_ERROR(check_log_device(parts.log, options.force));
  return parts;
}

std::string name_of(const DmRecordingOptions& options, std::size_t index) {
  const std::string& given = options.disks[index].name;
  if (!given.empty()) {
    return given;
  }
  if (index == 0) {
    return options.workload.file_system.empty() ? "disk" : options.workload.file_system;
  }
  return fmt::format("disk{}", index);
}

// The targets while they record.
class DmStack {
 public:
  static Result<DmStack> build(const DmRecordingOptions& options,
                               const DmVersion& version, const Parts& parts,
                               const RunDir& run_dir);

  std::vector<std::filesystem::path> paths() const;

  Status mark(std::string_view text) const;

  Result<LogStatus> status() const {
    return log_status(devices_.front().name(), options_.target);
  }

  // The last one first. The first Error is told, the others are tried all the same.
  Status take_down();

 private:
  explicit DmStack(LogTargetOptions options) : options_(std::move(options)) {}

  LogTargetOptions options_;
  std::uint64_t most_mark_bytes_ = UINT64_MAX;
  std::vector<DmDevice> devices_;
};

// A recording must have what the workload was promised. Format 1 without options behaves
// as upstream, which promises before the log has it; upstream itself takes no options.
LogTargetOptions careful(LogTargetOptions target, const DmVersion& version) {
  if (!target.ack && target.format == 1 && version.major >= 2) {
    target.ack = LogAck::kLog;
  }
  return target;
}

Result<DmStack> DmStack::build(const DmRecordingOptions& options,
                               const DmVersion& version, const Parts& parts,
                               const RunDir& run_dir) {
  DmStack stack(careful(options.target, version));
  if (options.target.format == 1) {
    stack.most_mark_bytes_ = Format1Writer::max_mark_bytes(parts.log.logical_block_bytes);
  }
  for (std::size_t i = 0; i < parts.disks.size(); ++i) {
    LogTargetOptions target = stack.options_;
    target.domain = options.disks[i].domain.value_or(static_cast<std::uint32_t>(i));
    if (target.format == 2 && version.major >= 2) {
      target.name = options.disks[i].name;
    }
    DmTable table;
    table.sectors = parts.disks[i].sectors();
    table.target = target.target;
    table.parameters = log_target_parameters(target, parts.disks[i].number_text(),
                                             parts.log.number_text());
    PC_ASSIGN_OR_RETURN(
        DmDevice device,
        DmDevice::create(dm_device_name(run_dir.run_id(), name_of(options, i)), table));
    stack.devices_.push_back(std::move(device));
  }
  return stack;
}

std::vector<std::filesystem::path> DmStack::paths() const {
  std::vector<std::filesystem::path> paths;
  paths.reserve(devices_.size());
  for (const DmDevice& device : devices_) {
    paths.push_back(device.path());
  }
  return paths;
}

Status DmStack::mark(std::string_view text) const {
  if (text.size() > most_mark_bytes_) {
    return fail(ErrorKind::kUsage, fmt::format("a mark of {} bytes: in this log, of "
                                               "format 1, it has at most {}",
                                               text.size(), most_mark_bytes_));
  }
  return send_log_mark(devices_.front().name(), text);
}

Status DmStack::take_down() {
  Status first;
  while (!devices_.empty()) {
    Status status = devices_.back().remove();
    devices_.pop_back();
    if (first && !status) {
      first = std::move(status);
    }
  }
  return first;
}

// What a user must know of the log's end, whatever else went wrong.
std::optional<Error> log_failure(const Result<LogStatus>& status,
                                 const DmRecordingOptions& options) {
  if (!status) {
    return status.error();
  }
  switch (status->state) {
    case LogTargetState::kIdle:
    case LogTargetState::kLogging:
      return std::nullopt;
    case LogTargetState::kFull:
    case LogTargetState::kStopped:
      return Error{ErrorKind::kSystem,
                   fmt::format("the log on {} got full after {} entries ({}): what came "
                               "later is not recorded",
                               options.log.string(), status->entries,
                               status->state == LogTargetState::kFull
                                   ? "writes failed from there on"
                                   : "writes went on from there on"),
                   "what is in the log can be used; give it a larger device"};
    case LogTargetState::kFailed:
      break;
  }
  return Error{
      ErrorKind::kSystem,
      fmt::format("the log on {} failed after {} entries: what came later is not "
                  "recorded",
                  options.log.string(), status->entries),
      options.target.format == 1 ? "it may be full: give it a larger device"
                                 : "see the kernel's log: dmesg"};
}

// Reads the log as it lies on its device.
Result<std::uint64_t> finish_log(const DmRecordingOptions& options, const Parts& parts) {
  PC_RETURN_IF_ERROR(parts.log.drop_cache());
  if (options.log_copy.empty()) {
    return log_bytes(options.log);
  }
  return copy_log(options.log, options.log_copy);
}

}  // namespace

Result<DmRecordingResult> record_on_dm(const DmRecordingOptions& options,
                                       const RunDir& run_dir) {
  PC_ASSIGN_OR_RETURN(const Parts parts, look_up(options));
  if (!options.log_copy.empty()) {
    PC_RETURN_IF_ERROR(NewFile::check(options.log_copy, options.log));
  }
  PC_ASSIGN_OR_RETURN(const DmVersion version, require_log_target(options.target));
  if (options.zero) {
    for (const BlockDevice& disk : parts.disks) {
      PC_RETURN_IF_ERROR(disk.write_zeros());
    }
  }
  PC_ASSIGN_OR_RETURN(DmStack stack, DmStack::build(options, version, parts, run_dir));
  Result<ExitState> state =
      run_recorded_workload(options.workload, stack.paths(), run_dir,
                            [&](std::string_view text) { return stack.mark(text); });
  const Result<LogStatus> status = stack.status();
  Status down = stack.take_down();
  Result<std::uint64_t> bytes = finish_log(options, parts);
  // A full log shows first as an I/O error of the file system: the cause is the log's.
  if (std::optional<Error> failure = log_failure(status, options)) {
    return fail(std::move(*failure));
  }
  if (!state && !down) {
    state.error().message += "; " + down.error().message;
  }
  PC_RETURN_IF_ERROR(state);
  PC_RETURN_IF_ERROR(down);
  PC_RETURN_IF_ERROR(bytes);
  return DmRecordingResult{std::move(*state), *bytes, *status};
}

}  // namespace powercut
