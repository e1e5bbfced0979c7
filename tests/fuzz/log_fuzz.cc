// SPDX-License-Identifier: GPL-2.0-only
//
// Whatever the bytes of a log: the reader does not crash, does not read outside the
// file, gives only events that keep the promises of Log::visit(), and gives the same
// ones however it is asked.
//
// A format-2 log begins with 128 KiB of almost nothing and is full of checksums, so a
// fuzzer would never get past either. The first byte of an input is therefore a set of
// bits: kCompact says that only the first 256 bytes of the superblock (its fields and
// one device) follow, then the segments; the other bits have checksums and chain fields
// made right before the reader sees them.

#include "base/crc32c.h"
#include "base/ensure.h"
#include "kernel/log-writes/log_format.h"
#include "log/convert.h"
#include "log/log.h"
#include "log/wire.h"
#include "tests/fuzz/fuzz_target.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <unordered_map>
#include <vector>

namespace powercut {

namespace {

constexpr unsigned kCompact = 1;
constexpr unsigned kFixSuper = 2;
constexpr unsigned kFixChecksums = 4;
constexpr unsigned kFixChain = 8;
constexpr unsigned kSecondSlot = 16;
constexpr unsigned kConvert = 32;

constexpr std::size_t kCompactSuperBytes = 256;

using Bytes = std::vector<std::byte>;

Bytes expand_super(std::span<const std::byte>& input, unsigned form) {
  pc_log2_super super{};
  const std::size_t taken = std::min(input.size(), kCompactSuperBytes);
  if (taken > 0) {
    std::memcpy(&super, input.data(), taken);
  }
  input = input.subspan(taken);
  if ((form & kFixSuper) != 0) {
    super.magic = to_le<std::uint64_t>(PC_LOG2_MAGIC);
    super.version = to_le<std::uint32_t>(PC_LOG2_VERSION);
    super.crc = 0;
    super.crc = to_le<std::uint32_t>(crc32c(bytes_of(super)));
  }
  const auto bytes = bytes_of(super);
  return {bytes.begin(), bytes.end()};
}

// Follows the chain as far as its sizes make sense, and makes right what `form` asks.
void fix_segments(Bytes& segments, const pc_log2_super& super, unsigned form) {
  const std::uint64_t block = from_le<std::uint32_t>(super.block_bytes);
  if (!is_power_of_two_between(block, kMinBlockBytes, kMaxBlockBytes)) {
    return;
  }
  pc_segment before{};
  std::uint64_t position = 0;
  for (std::uint64_t index = 0; position + sizeof(pc_segment) <= segments.size();
       ++index) {
    pc_segment segment = load_struct<pc_segment>(segments, position);
    const std::uint64_t count = from_le<std::uint32_t>(segment.event_count);
    const std::uint64_t head = sizeof(pc_segment) + count * sizeof(pc_event);
    const std::uint64_t data = position + round_up(head, block);
    const std::uint64_t data_bytes = from_le<std::uint64_t>(segment.data_bytes);
    if (count > PC_SEGMENT_MAX_EVENTS || data_bytes > segments.size()) {
      return;
    }
    segments.resize(std::max<std::size_t>(segments.size(), data + data_bytes));
    if ((form & kFixChain) != 0) {
      segment.magic = to_le<std::uint64_t>(PC_SEGMENT_MAGIC);
      std::memcpy(segment.uuid, super.uuid, sizeof(segment.uuid));
      segment.index = to_le<std::uint64_t>(index);
      segment.offset = to_le<std::uint64_t>(PC_FIRST_SEGMENT_OFFSET + position);
      segment.prev_offset = before.offset;
      segment.prev_crc = before.crc;
      segment.first_seq =
          to_le<std::uint64_t>(from_le<std::uint64_t>(before.first_seq) +
                               from_le<std::uint32_t>(before.event_count));
    }
    const std::span<const std::byte> all(segments);
    segment.data_sum = to_le<std::uint32_t>(crc32c(all.subspan(data, data_bytes)));
    segment.crc = 0;
    segment.crc = to_le<std::uint32_t>(
        crc32c(all.subspan(position + sizeof(segment), head - sizeof(segment)),
               crc32c(bytes_of(segment))));
    std::memcpy(segments.data() + position, &segment, sizeof(segment));
    before = segment;
    position = data + round_up(data_bytes, block);
  }
}

void place(MemoryFile& file, std::span<const std::byte> input) {
  const unsigned form = input.empty() ? 0 : std::to_integer<unsigned>(input[0]);
  input = input.subspan(std::min<std::size_t>(1, input.size()));
  file.clear();
  if ((form & kCompact) == 0) {
    file.write(0, input);
    return;
  }
  const Bytes super = expand_super(input, form);
  Bytes segments(input.begin(), input.end());
  if ((form & (kFixChecksums | kFixChain)) != 0) {
    fix_segments(segments, load_struct<pc_log2_super>(super, 0), form);
  }
  file.write((form & kSecondSlot) != 0 ? PC_SUPER_SLOT_BYTES : 0, super);
  file.write(PC_FIRST_SEGMENT_OFFSET, segments);
}

// Holds each event against the promises of Log::visit().
class Promises {
 public:
  explicit Promises(const Log& log) : log_(log) {}

  void check(const Event& event) {
    PC_ENSURE(event.seq < log_.entry_count(), "a seq past the end");
    PC_ENSURE(event.seq >= last_seq_, "seqs go down");
    last_seq_ = event.seq;
    PC_ENSURE(event.device < log_.devices().size(), "an unknown device");
    PC_ENSURE(event.offset_bytes <= kMaxDeviceBytes - event.length_bytes,
              "a range past any device");
    if (event.data_bytes > 0) {
      PC_ENSURE(event.data_bytes == event.length_bytes, "data of another length");
      const auto data = log_.bytes(event.data_pos, event.data_bytes);
      hash_ ^= XXH3_64bits(data.data(), data.size());
    }
    hash_ = hash_ * 31 + event.seq + event.offset_bytes + event.length_bytes;
    hash_ ^= XXH3_64bits(event.text.data(), event.text.size());
    check_pair(event);
  }

  std::uint64_t hash() const { return hash_; }

 private:
  void check_pair(const Event& event) {
    if (event.type == EventType::kSubmit) {
      PC_ENSURE(open_.emplace(event.seq, event.op).second, "two open submissions");
      PC_ENSURE((event.data_bytes > 0) == (event.op == Op::kWrite), "data of no write");
    } else if (event.type == EventType::kComplete) {
      const auto found = open_.find(event.ref_seq);
      PC_ENSURE(found != open_.end(), "a completion of nothing");
      PC_ENSURE(found->second == event.op, "a completion of another op");
      open_.erase(found);
    }
  }

  const Log& log_;
  std::unordered_map<std::uint64_t, Op> open_;
  std::uint64_t last_seq_ = 0;
  std::uint64_t hash_ = 0;
};

std::uint64_t check_log(const Log& log) {
  Promises promises(log);
  log.visit([&](const Event& event) {
    promises.check(event);
    return Visit::kContinue;
  });
  for (std::uint64_t seq : {std::uint64_t{1}, log.entry_count() / 2, log.entry_count()}) {
    log.visit_from(seq, [&](const Event& event) {
      PC_ENSURE(event.seq >= seq, "an event before the one asked for");
      return Visit::kStop;
    });
  }
  return promises.hash() ^ log.digest();
}

void check_conversion(const Log& log) {
  static MemoryFile out;
  const LogFormat target = log.format() == LogFormat::k1 ? LogFormat::k2 : LogFormat::k1;
  out.clear();
  if (!convert(log, out.path(), {.target = target, .block_bytes = 512})) {
    return;
  }
  DamageList damage;
  const auto converted = Log::open(out.path(), {}, damage);
  PC_ENSURE(converted && damage.empty(), "a converted log is damaged");
  check_log(**converted);
}

}  // namespace

void fuzz_log(std::span<const std::uint8_t> input) {
  static MemoryFile file;
  place(file, std::as_bytes(input));
  const bool converts = !input.empty() && (input[0] & kConvert) != 0;
  std::uint64_t counts[4] = {};
  for (unsigned i = 0; i < 4; ++i) {
    const LogOptions options{.verify_data = (i & 1) != 0, .salvage = (i & 2) != 0};
    DamageList damage;
    const auto log = Log::open(file.path(), options, damage);
    if (!log) {
      PC_ENSURE(!log.error().message.empty(), "an error without a message");
      return;
    }
    PC_ENSURE((*log)->end() != LogEnd::kClean || damage.empty(),
              "a clean end with damage");
    check_log(**log);
    counts[i] = (*log)->entry_count();
    if (converts && i == 3) {
      check_conversion(**log);
    }
  }
  PC_ENSURE(counts[1] <= counts[0] && counts[0] <= counts[2],
            "verifying finds more, or salvage less");
}

}  // namespace powercut

#ifdef POWERCUT_LIBFUZZER
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  powercut::fuzz_log({data, size});
  return 0;
}
#endif
