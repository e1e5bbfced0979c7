// SPDX-License-Identifier: GPL-2.0-only

#include "device/stress_file.h"

#include "base/signals.h"
#include "device/stamped_blocks.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace powercut {

namespace {

constexpr std::size_t kMostBlocks = 4;  // of a write
constexpr std::size_t kAlignment = 4096;

std::string problem(const std::string& what, int error) {
  return fmt::format("{}: {}", what, std::strerror(error));
}

}  // namespace

Result<StressFile> StressFile::open(const std::filesystem::path& file,
                                    std::uint32_t block_bytes) {
  StressFile stress;
  const auto open_as = [&](int flags) {
    return Fd(::open(file.c_str(), O_RDWR | O_CLOEXEC | flags));
  };
  stress.cached_ = open_as(0);
  stress.direct_ = open_as(O_DIRECT);
  stress.synced_ = open_as(O_DSYNC);
  if (!stress.cached_.valid() || !stress.direct_.valid() || !stress.synced_.valid()) {
    return fail(system_error(fmt::format("cannot open {}", file.native()), errno));
  }
  const off_t end = ::lseek(stress.cached_.get(), 0, SEEK_END);
  stress.block_bytes_ = block_bytes;
  stress.block_count_ = end > 0 ? static_cast<std::size_t>(end) / block_bytes : 0;
  if (stress.block_count_ == 0) {
    return fail(ErrorKind::kUsage,
                fmt::format("{} has no block of {} bytes", file.native(), block_bytes),
                "give it its size before: truncate -s 256K");
  }
  stress.storage_.resize(kMostBlocks * block_bytes + kAlignment);
  return stress;
}

Status StressFile::acknowledge_dirty(StressModel& model, const Tell& tell) {
  for (const std::size_t block : dirty_) {
    model.acknowledge(block);
    PC_RETURN_IF_ERROR(tell("ack", block, model.block(block).acknowledged));
  }
  dirty_.clear();
  return {};
}

Result<std::optional<std::string>> StressFile::write(Random& random, int fd,
                                                     const char* how, StressModel& model,
                                                     const Tell& tell) {
  const std::size_t first = random.below(block_count_);
  const std::size_t count = 1 + random.below(std::min(kMostBlocks, block_count_ - first));
  void* at = storage_.data();
  std::size_t room = storage_.size();
  std::byte* const buffer =
      static_cast<std::byte*>(std::align(kAlignment, count * block_bytes_, at, room));
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t generation = model.begin(first + i);
    PC_RETURN_IF_ERROR(tell("begin", first + i, generation));
    fill_stamped_block({buffer + i * block_bytes_, block_bytes_}, first + i,
                       BlockContent::kWritten, generation);
    dirty_.insert(first + i);
  }
  const ssize_t written = ::pwrite(fd, buffer, count * block_bytes_,
                                   static_cast<off_t>(first * block_bytes_));
  if (written != static_cast<ssize_t>(count * block_bytes_)) {
    return std::optional(problem(fmt::format("{} of {} blocks at {}", how, count, first),
                                 written < 0 ? errno : ENOSPC));
  }
  for (std::size_t i = 0; fd == synced_.get() && i < count; ++i) {
    model.acknowledge(first + i);
    PC_RETURN_IF_ERROR(tell("ack", first + i, model.block(first + i).acknowledged));
    dirty_.erase(first + i);
  }
  return std::optional<std::string>();
}

Result<std::optional<std::string>> StressFile::run(Random& random,
                                                   std::uint64_t operations,
                                                   StressModel& model, const Tell& tell) {
  for (std::uint64_t i = 0; i < operations; ++i) {
    const std::uint64_t chosen = random.below(10);
    std::optional<std::string> failed;
    if (chosen < 4) {
      PC_ASSIGN_OR_RETURN(failed, write(random, cached_.get(), "write", model, tell));
    } else if (chosen < 6) {
      PC_ASSIGN_OR_RETURN(failed,
                          write(random, direct_.get(), "direct write", model, tell));
    } else if (chosen < 8) {
      PC_ASSIGN_OR_RETURN(failed,
                          write(random, synced_.get(), "O_DSYNC write", model, tell));
    } else {
      const bool data = chosen == 9;
      const int done = data ? ::fdatasync(cached_.get()) : ::fsync(cached_.get());
      if (done != 0) {
        failed = problem(data ? "fdatasync" : "fsync", errno);
      } else {
        PC_RETURN_IF_ERROR(acknowledge_dirty(model, tell));
      }
    }
    if (failed) {
      return failed;
    }
    if (interrupted()) {
      return std::optional<std::string>("interrupted");
    }
  }
  return std::optional<std::string>();
}

}  // namespace powercut
