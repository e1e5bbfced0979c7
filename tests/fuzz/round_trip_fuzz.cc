// SPDX-License-Identifier: GPL-2.0-only
//
// Whatever is recorded, through whatever limits: the reader gives back exactly the
// events that the writer accepted, in that order, with their data. The bytes of an input
// are a program for Format2Writer: first the options, then one call after another.

#include "base/ensure.h"
#include "kernel/log-writes/log_format.h"
#include "log/format2_writer.h"
#include "log/log.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/support/log_builder.h"

#include <fmt/format.h>

#include <xxhash.h>

#include <algorithm>
#include <vector>

namespace powercut {

namespace {

constexpr std::uint64_t kDeviceBytes = 1ULL << 32;

// What is left of the input; zeros when nothing is.
class Program {
 public:
  explicit Program(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  bool done() const { return bytes_.empty(); }

  std::uint64_t next(unsigned bytes = 1) {
    std::uint64_t value = 0;
    for (; bytes > 0 && !bytes_.empty(); --bytes) {
      value = value << 8 | bytes_.front();
      bytes_ = bytes_.subspan(1);
    }
    return value;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

class Recorder {
 public:
  Recorder(Program& program, const std::filesystem::path& path) : program_(program) {
    const std::uint64_t form = program.next();
    const auto device_count = static_cast<std::uint16_t>(1 + form % 3);
    Format2Options options = Format2Builder(device_count, kDeviceBytes).options();
    options.block_bytes = 512U << (program.next() % 8);
    options.on_full = (form & 4) != 0 ? OnFull::kStop : OnFull::kError;
    options.log_bytes = (form & 8) != 0 ? PC_FIRST_SEGMENT_OFFSET +
                                              4 * options.block_bytes + program.next(3)
                                        : 0;
    closes_ = (form & 16) == 0;
    devices_ = options.devices.size();
    writer_ = value_or_throw(Format2Writer::create(path, options));
  }

  void run() {
    for (int calls = 0; !program_.done() && calls < 2000; ++calls) {
      call();
    }
    full_ = writer_->stopped();
    if (closes_) {
      value_or_throw(writer_->close());
    }
    writer_.reset();
  }

  void check(const Log& log, const DamageList& damage) const {
    PC_ENSURE((log.end() == LogEnd::kClean) == (closes_ && !full_), "a wrong end");
    PC_ENSURE(damage.empty() == (log.end() == LogEnd::kClean), "damage in a whole log");
    PC_ENSURE(describe_events(log) == expected_, "other events than were written");
  }

 private:
  void call() {
    switch (program_.next() % 8) {
      case 0:
      case 1:
      case 2:
        return submit();
      case 3:
      case 4:
        return complete(false);
      case 5:
        return complete(true);
      case 6:
        return mark();
      default:
        return value_or_throw(writer_->sync());
    }
  }

  std::vector<std::byte> data(std::uint64_t bytes) {
    std::vector<std::byte> out(bytes);
    std::uint64_t seed = program_.next(2);
    for (std::byte& byte : out) {
      seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
      byte = static_cast<std::byte>(seed >> 56);
    }
    return out;
  }

  static std::string hash_of(std::span<const std::byte> data) {
    return fmt::format(" data {:016x}", XXH3_64bits(data.data(), data.size()));
  }

  // Notes an event that the call recorded: it succeeded, and logging had not stopped.
  bool note(bool succeeded, std::string line) {
    if (succeeded && !writer_->stopped()) {
      expected_.push_back(std::move(line));
      return true;
    }
    return false;
  }

  void submit() {
    const std::uint64_t bits = program_.next();
    Submission submission;
    submission.op = static_cast<Op>(1 + bits % 4);
    submission.fua = (bits & 16) != 0;
    submission.meta = (bits & 32) != 0;
    submission.device = static_cast<std::uint16_t>((bits >> 6) % devices_);
    submission.offset_bytes = program_.next(3) * 512;
    submission.length_bytes =
        submission.op == Op::kFlush ? 0 : (1 + program_.next()) * 512;
    const auto bytes = data(submission.op == Op::kWrite ? submission.length_bytes : 0);
    const auto seq = writer_->submit(submission, bytes);
    std::string what = fmt::format(
        "{}+{}{}", submission.offset_bytes, submission.length_bytes,
        submission.device == 0 ? std::string()
                               : fmt::format(" device {}", submission.device));
    const bool noted = note(
        seq.has_value(),
        fmt::format("{} submit {}{}{} {}{}", expected_.size(), to_string(submission.op),
                    submission.fua ? " fua" : "", submission.meta ? " meta" : "", what,
                    bytes.empty() ? std::string() : hash_of(bytes)));
    if (noted) {
      PC_ENSURE(*seq + 1 == expected_.size(), "a gap in the sequence");
      open_.push_back({*seq, submission, what});
    }
  }

  void complete(bool unstable) {
    if (open_.empty()) {
      return;
    }
    const std::size_t i = program_.next() % open_.size();
    const Open open = open_[i];
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(i));
    std::string op(to_string(open.submission.op));
    if (unstable && open.submission.op == Op::kWrite) {
      const auto bytes = data(open.submission.length_bytes);
      note(writer_->complete_unstable(open.seq, bytes).has_value(),
           fmt::format("{} complete {} unstable {} ref {}{}", expected_.size(), op,
                       open.what, open.seq, hash_of(bytes)));
      return;
    }
    const auto status = static_cast<std::uint32_t>(program_.next() % 8);
    note(writer_->complete(open.seq, status).has_value(),
         fmt::format("{} complete {} {}{} ref {}", expected_.size(), op, open.what,
                     status == 0 ? std::string() : fmt::format(" status {}", status),
                     open.seq));
  }

  void mark() {
    const std::string text(1 + program_.next(2) % PC_MARK_MAX_BYTES, 'm');
    note(writer_->mark(text).has_value(),
         fmt::format("{} mark {}", expected_.size(), text));
  }

  struct Open {
    std::uint64_t seq;
    Submission submission;
    std::string what;
  };

  Program& program_;
  std::unique_ptr<Format2Writer> writer_;
  std::vector<std::string> expected_;
  std::vector<Open> open_;
  std::size_t devices_ = 1;
  bool closes_ = true;
  bool full_ = false;
};

}  // namespace

void fuzz_round_trip(std::span<const std::uint8_t> input) {
  static MemoryFile file;
  Program program(input);
  Recorder recorder(program, file.path());
  recorder.run();
  DamageList damage;
  const auto log = Log::open(file.path(), {}, damage);
  PC_ENSURE(log.has_value(), "a written log cannot be opened");
  recorder.check(**log, damage);
}

}  // namespace powercut

#ifdef POWERCUT_LIBFUZZER
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  powercut::fuzz_round_trip({data, size});
  return 0;
}
#endif
