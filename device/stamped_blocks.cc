// SPDX-License-Identifier: GPL-2.0-only

#include "device/stamped_blocks.h"

#include "base/fd.h"
#include "base/signals.h"
#include "base/stamp.h"
#include "base/units.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace powercut {

namespace {

constexpr std::size_t kAlignment = 4096;
constexpr std::size_t kShownBytes = 8;

struct Named {
  const char* name;
  BlockContent content;
};

constexpr std::array<Named, 4> kContents = {{{"written", BlockContent::kWritten},
                                             {"source", BlockContent::kSource},
                                             {"poison", BlockContent::kPoison},
                                             {"zeros", BlockContent::kZeros}}};

std::string name_of(std::uint64_t kind) {
  for (const Named& each : kContents) {
    if (static_cast<std::uint64_t>(each.content) == kind) {
      return each.name;
    }
  }
  return fmt::format("content of kind {}", kind);
}

bool is_zero(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](std::byte byte) { return byte == std::byte{0}; });
}

// Changes a buffer between two versions, from its making to its end.
class Scribbler {
 public:
  Scribbler(std::span<std::byte> buffer, std::vector<std::byte> one,
            std::vector<std::byte> other)
      : versions_{std::move(one), std::move(other)}, thread_([this, buffer] {
          become_urgent();
          for (unsigned turn = 0; !done_; ++turn) {
            std::ranges::copy(versions_[turn % 2], buffer.begin());
            turns_ = turn + 1;
            std::this_thread::sleep_for(kPause);
          }
        }) {}

  ~Scribbler() {
    done_ = true;
    thread_.join();
  }

  // Waits until the buffer was changed: on one processor nothing else would see to it.
  void wait_for_change() const {
    for (const unsigned before = turns_; turns_ == before;) {
      std::this_thread::yield();
    }
  }

  Scribbler(const Scribbler&) = delete;
  Scribbler& operator=(const Scribbler&) = delete;

 private:
  // Shorter than any write takes; on one processor the others must come to their turn.
  static constexpr std::chrono::microseconds kPause{20};

  // On a processor that the machine gives little time, a write is complete before an
  // ordinary thread would be asked. Without the right to it the race is only less sure.
  static void become_urgent() {
    sched_param parameter{};
    parameter.sched_priority = 1;
    ::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &parameter);
  }

  std::array<std::vector<std::byte>, 2> versions_;
  std::atomic<unsigned> turns_{0};
  std::atomic<bool> done_{false};
  std::thread thread_;  // last: it uses the others
};

bool parse_number(std::string_view text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

Result<BlockContent> parse_block_content(const std::string& text) {
  for (const Named& each : kContents) {
    if (text == each.name) {
      return each.content;
    }
  }
  return fail(ErrorKind::kUsage, fmt::format("blocks do not hold '{}'", text),
              "there are: written, source, poison, zeros");
}

void fill_stamped_block(std::span<std::byte> out, std::uint64_t block,
                        BlockContent content, std::uint64_t generation) {
  std::ranges::fill(out, std::byte{0});
  for (std::size_t at = 0; content != BlockContent::kZeros && at < out.size();
       at += kStampBytes) {
    write_stamp(
        {static_cast<std::uint64_t>(content), 0, block * out.size() + at, generation},
        out.subspan(at, kStampBytes));
  }
}

Result<BlockRange> parse_block_range(const std::string& text) {
  const std::size_t dash = text.find('-');
  BlockRange range;
  const std::string_view view = text;
  const bool whole =
      parse_number(view.substr(0, dash), range.first) &&
      (dash == std::string::npos || parse_number(view.substr(dash + 1), range.last));
  range.last = dash == std::string::npos ? range.first : range.last;
  if (!whole || range.last < range.first) {
    return fail(ErrorKind::kUsage, fmt::format("'{}' is no range of blocks", text),
                "for example 7, or 0-63");
  }
  return range;
}

Result<std::uint32_t> parse_stamped_block_bytes(const std::string& text) {
  constexpr std::uint64_t kMostBytes = 64 << 20;
  PC_ASSIGN_OR_RETURN(const std::uint64_t bytes, parse_bytes(text));
  if (bytes == 0 || bytes % kStampBytes != 0 || bytes > kMostBytes) {
    return fail(ErrorKind::kUsage, fmt::format("blocks of {} bytes", bytes),
                "a block is a multiple of 512 bytes, and 64 MiB at most");
  }
  return static_cast<std::uint32_t>(bytes);
}

Result<StampedBlocks> StampedBlocks::open(const std::filesystem::path& device,
                                          std::uint32_t block_bytes) {
  if (block_bytes == 0 || block_bytes % kStampBytes != 0) {
    return fail(ErrorKind::kUsage, fmt::format("blocks of {} bytes", block_bytes),
                "a block is a multiple of 512 bytes");
  }
  StampedBlocks blocks;
  blocks.fd_ = ::open(device.c_str(), O_RDWR | O_DIRECT | O_CLOEXEC);
  if (blocks.fd_ < 0) {
    return fail(system_error(fmt::format("cannot open {}", device.native()), errno));
  }
  const off_t end = ::lseek(blocks.fd_, 0, SEEK_END);
  blocks.name_ = device.filename();
  blocks.block_bytes_ = block_bytes;
  blocks.block_count_ = end > 0 ? static_cast<std::uint64_t>(end) / block_bytes : 0;
  const std::size_t room = (block_bytes + kAlignment - 1) / kAlignment * kAlignment;
  blocks.buffer_ = static_cast<std::byte*>(std::aligned_alloc(kAlignment, room));
  if (blocks.buffer_ == nullptr) {
    return fail(system_error("cannot have memory for a block", ENOMEM));
  }
  return blocks;
}

StampedBlocks::~StampedBlocks() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
  std::free(buffer_);
}

StampedBlocks::StampedBlocks(StampedBlocks&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      name_(std::move(other.name_)),
      block_bytes_(other.block_bytes_),
      block_count_(other.block_count_),
      buffer_(std::exchange(other.buffer_, nullptr)) {}

void StampedBlocks::fill(std::uint64_t block, BlockContent content,
                         std::uint64_t generation) {
  fill_stamped_block({buffer_, block_bytes_}, block, content, generation);
}

Status StampedBlocks::write(std::uint64_t block, BlockContent content,
                            std::uint64_t generation) {
  const std::uint64_t begin = block * block_bytes_;
  fill(block, content, generation);
  const ssize_t done = ::pwrite(fd_, buffer_, block_bytes_, static_cast<off_t>(begin));
  if (done != static_cast<ssize_t>(block_bytes_)) {
    return fail(system_error(fmt::format("cannot write block {} of {}", block, name_),
                             done < 0 ? errno : ENOSPC));
  }
  return {};
}

Status StampedBlocks::discard(const BlockRange& range) {
  std::array<std::uint64_t, 2> bytes = {range.first * block_bytes_,
                                        (range.last - range.first + 1) * block_bytes_};
  if (::ioctl(fd_, BLKDISCARD, bytes.data()) != 0) {
    return fail(system_error(fmt::format("cannot discard blocks {} to {} of {}",
                                         range.first, range.last, name_),
                             errno));
  }
  return {};
}

Status StampedBlocks::flush() {
  if (::fsync(fd_) != 0) {
    return fail(system_error(fmt::format("cannot flush {}", name_), errno));
  }
  return {};
}

// What the sector in the buffer holds, for people.
std::string StampedBlocks::describe(std::uint64_t offset_bytes) const {
  std::uint64_t generation = 0;
  const std::string other = fault_of_sector(offset_bytes, {}, generation);
  return generation > 0 ? fmt::format("write {}", generation) : other;
}

Status StampedBlocks::read(std::uint64_t block) {
  const ssize_t got =
      ::pread(fd_, buffer_, block_bytes_, static_cast<off_t>(block * block_bytes_));
  if (got != static_cast<ssize_t>(block_bytes_)) {
    return fail(system_error(fmt::format("cannot read block {} of {}", block, name_),
                             got < 0 ? errno : EIO));
  }
  return {};
}

Result<std::string> StampedBlocks::compare(std::uint64_t block, StampedBlocks& other,
                                           const std::string& name,
                                           const std::string& other_name) {
  PC_RETURN_IF_ERROR(read(block));
  PC_RETURN_IF_ERROR(other.read(block));
  const std::byte* const end = buffer_ + block_bytes_;
  const std::byte* const differs =
      std::mismatch<const std::byte*, const std::byte*>(buffer_, end, other.buffer_)
          .first;
  if (differs == end) {
    return std::string();
  }
  const auto at = static_cast<std::uint64_t>(differs - buffer_);
  const std::uint64_t here = block * block_bytes_ + at / kStampBytes * kStampBytes;
  const auto shown = [&](const std::byte* buffer) {
    return fmt::join(std::span(buffer + at, std::min(kShownBytes, block_bytes_ - at)),
                     " ");
  };
  return fmt::format(
      "the legs differ at block {}, sector {}: {} holds {}, {} holds {} (from byte {}: "
      "{:02x} and {:02x})",
      block, here / kStampBytes, name, describe(here), other_name, other.describe(here),
      at % kStampBytes, shown(buffer_), shown(other.buffer_));
}

std::vector<std::byte> StampedBlocks::version(std::uint64_t block,
                                              std::uint64_t generation) const {
  std::vector<std::byte> bytes(block_bytes_);
  fill_stamped_block(bytes, block, BlockContent::kWritten, generation);
  return bytes;
}

Status StampedBlocks::scribble(std::uint64_t block, std::uint64_t generation,
                               unsigned times) {
  const auto at = static_cast<off_t>(block * block_bytes_);
  fill(block, BlockContent::kWritten, generation);
  const Scribbler scribbler({buffer_, block_bytes_}, version(block, generation),
                            version(block, generation + 1));
  for (unsigned i = 0; i < times; ++i) {
    if (interrupted()) {
      return fail(ErrorKind::kInterrupted, "interrupted");
    }
    scribbler.wait_for_change();
    const ssize_t written = ::pwrite(fd_, buffer_, block_bytes_, at);
    if (written != static_cast<ssize_t>(block_bytes_)) {
      return fail(system_error(fmt::format("cannot write block {} of {}", block, name_),
                               written < 0 ? errno : ENOSPC));
    }
  }
  return {};
}

Status StampedBlocks::scribble_mapped(std::uint64_t block, std::uint64_t generation,
                                      unsigned times) {
  if (block_bytes_ % kAlignment != 0) {
    return fail(ErrorKind::kUsage,
                fmt::format("blocks of {} bytes cannot be mapped", block_bytes_),
                "a mapping is of pages: blocks of a multiple of 4096 bytes");
  }
  const auto at = static_cast<off_t>(block * block_bytes_);
  void* const map =
      ::mmap(nullptr, block_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, at);
  if (map == MAP_FAILED) {
    return fail(
        system_error(fmt::format("cannot map block {} of {}", block, name_), errno));
  }
  Status status;
  {
    const Scribbler scribbler({static_cast<std::byte*>(map), block_bytes_},
                              version(block, generation), version(block, generation + 1));
    for (unsigned i = 0; i < times && status; ++i) {
      if (interrupted()) {
        status = fail(ErrorKind::kInterrupted, "interrupted");
        break;
      }
      scribbler.wait_for_change();
      // Not msync: it would flush the device's cache each time.
      if (::sync_file_range(fd_, at, block_bytes_,
                            SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                                SYNC_FILE_RANGE_WAIT_AFTER) != 0) {
        status = fail(system_error(
            fmt::format("cannot write block {} of {} back", block, name_), errno));
      }
    }
  }
  ::munmap(map, block_bytes_);
  return status;
}

std::string StampedBlocks::fault_of_sector(std::uint64_t offset_bytes,
                                           const std::set<BlockContent>& initial,
                                           std::uint64_t& generation) const {
  const std::span<const std::byte> sector(buffer_ + offset_bytes % block_bytes_,
                                          kStampBytes);
  generation = 0;
  if (is_zero(sector)) {
    return initial.contains(BlockContent::kZeros) ? "" : "zeros";
  }
  Stamp stamp;
  switch (read_stamp(sector, stamp)) {
    case StampKind::kNone:
      return fmt::format("unknown data ({:02x})",
                         fmt::join(sector.first(kShownBytes), " "));
    case StampKind::kBroken:
      return "a damaged stamp";
    case StampKind::kWhole:
      break;
  }
  const bool written = stamp.inode == static_cast<std::uint64_t>(BlockContent::kWritten);
  std::string what = name_of(stamp.inode);
  if (written) {
    what = fmt::format("write {}", stamp.sequence);
  }
  if (stamp.offset_bytes != offset_bytes) {
    return fmt::format("{} of block {}", what, stamp.offset_bytes / block_bytes_);
  }
  if (written) {
    generation = stamp.sequence;
    return "";
  }
  return initial.contains(static_cast<BlockContent>(stamp.inode)) ? "" : what;
}

StampedBlocks::Sight StampedBlocks::look(std::uint64_t block,
                                         const std::set<BlockContent>& initial) {
  Sight sight;
  const std::uint64_t begin = block * block_bytes_;
  if (const Status got = read(block); !got) {
    sight.fault = got.error().message;
    return sight;
  }
  sight.zeros = is_zero({buffer_, block_bytes_});
  sight.generation = UINT64_MAX;
  for (std::uint32_t at = 0; at < block_bytes_; at += kStampBytes) {
    std::uint64_t generation = 0;
    const std::string holds = fault_of_sector(begin + at, initial, generation);
    if (!holds.empty()) {
      sight.fault = fmt::format(
          "block {} of {}: sector {} holds {}, and should hold what was written there or "
          "was there before",
          block, name_, (begin + at) / kStampBytes, holds);
      return sight;
    }
    sight.generation = std::min(sight.generation, generation);
  }
  return sight;
}

}  // namespace powercut
