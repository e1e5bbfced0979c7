// SPDX-License-Identifier: GPL-2.0-only
//
// Makes a large log for measurements, the same one each time:
//
//   make_log --format 1|2 --bytes N --write-size N -o FILE [--flush-every N]
//
// Writes of one size go over a device of 1 GiB in a fixed pseudo-random order; there is
// a flush after every --flush-every of them (0: none) and a mark after every 1000
// flushes.

#include "kernel/log-writes/log_format.h"
#include "log/format1_writer.h"
#include "log/format2_writer.h"

#include <boost/program_options.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace powercut {

namespace {

constexpr std::uint64_t kDeviceBytes = 1ULL << 30;
constexpr std::uint64_t kMarkEveryFlushes = 1000;

struct Plan {
  int format = 2;
  std::uint64_t bytes = 0;
  std::uint64_t write_size = 4096;
  std::uint64_t flush_every = 64;
  std::string path;
};

// What both formats' writers are asked for.
class Target {
 public:
  virtual ~Target() = default;
  virtual void write(std::uint64_t offset_bytes, std::span<const std::byte> data) = 0;
  virtual void flush() = 0;
  virtual void mark(const std::string& text) = 0;
  virtual void close() = 0;
};

class Format1Target : public Target {
 public:
  explicit Format1Target(const std::string& path)
      : writer_(value_or_throw(Format1Writer::create(path, 512))) {}

  void write(std::uint64_t offset_bytes, std::span<const std::byte> data) override {
    value_or_throw(
        writer_.entry({.offset_bytes = offset_bytes, .length_bytes = data.size()}, data));
  }

  void flush() override { value_or_throw(writer_.entry({.flags = PC_LOG1_FLUSH}, {})); }

  void mark(const std::string& text) override { value_or_throw(writer_.mark(text)); }

  void close() override {
    mark("dm-log-writes-end");
    value_or_throw(writer_.close());
  }

 private:
  Format1Writer writer_;
};

class Format2Target : public Target {
 public:
  explicit Format2Target(const std::string& path) {
    Format2Options options;
    options.devices.resize(1);
    options.devices[0].name = "disk";
    options.devices[0].size_bytes = kDeviceBytes;
    options.uuid = LogUuid{'b', 'e', 'n', 'c', 'h'};
    options.record_times = false;
    writer_ = value_or_throw(Format2Writer::create(path, options));
  }

  void write(std::uint64_t offset_bytes, std::span<const std::byte> data) override {
    submit({.offset_bytes = offset_bytes, .length_bytes = data.size()}, data);
  }

  void flush() override { submit({.op = Op::kFlush}, {}); }

  void mark(const std::string& text) override { value_or_throw(writer_->mark(text)); }

  void close() override { value_or_throw(writer_->close()); }

 private:
  void submit(const Submission& submission, std::span<const std::byte> data) {
    const std::uint64_t seq = value_or_throw(writer_->submit(submission, data));
    value_or_throw(writer_->complete(seq, 0));
  }

  std::unique_ptr<Format2Writer> writer_;
};

// xorshift64: cheap, fixed, and no two blocks alike.
std::uint64_t next_random(std::uint64_t& state) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

void make(const Plan& plan, Target& target) {
  std::uint64_t state = 0x9e3779b97f4a7c15ULL;
  std::vector<std::byte> data(plan.write_size);
  for (std::byte& byte : data) {
    byte = static_cast<std::byte>(next_random(state));
  }
  const std::uint64_t blocks = kDeviceBytes / plan.write_size;
  for (std::uint64_t i = 1; i * plan.write_size <= plan.bytes; ++i) {
    for (std::size_t byte = 0; byte < 8; ++byte) {
      data[byte] = static_cast<std::byte>(i >> (8 * byte));
    }
    target.write(next_random(state) % blocks * plan.write_size, data);
    if (plan.flush_every != 0 && i % plan.flush_every == 0) {
      target.flush();
      if (i / plan.flush_every % kMarkEveryFlushes == 0) {
        target.mark(fmt::format("write-{}", i));
      }
    }
  }
  target.close();
}

Plan parse(int argc, char** argv) {
  namespace po = boost::program_options;
  Plan plan;
  po::options_description description;
  description.add_options()  //
      ("format", po::value(&plan.format)->default_value(2))(
          "bytes", po::value(&plan.bytes)->required())(
          "write-size", po::value(&plan.write_size)->default_value(4096))(
          "flush-every", po::value(&plan.flush_every)->default_value(64))(
          "output,o", po::value(&plan.path)->required());
  po::variables_map values;
  po::store(po::parse_command_line(argc, argv, description), values);
  po::notify(values);
  if ((plan.format != 1 && plan.format != 2) || plan.write_size < 512 ||
      plan.write_size % 512 != 0 || plan.write_size > kDeviceBytes) {
    throw Failure(Error{
        ErrorKind::kUsage, "--format is 1 or 2, --write-size a multiple of 512", {}});
  }
  return plan;
}

int run(int argc, char** argv) {
  const Plan plan = parse(argc, argv);
  std::unique_ptr<Target> target;
  if (plan.format == 1) {
    target = std::make_unique<Format1Target>(plan.path);
  } else {
    target = std::make_unique<Format2Target>(plan.path);
  }
  make(plan, *target);
  return 0;
}

}  // namespace

}  // namespace powercut

int main(int argc, char** argv) {
  try {
    return powercut::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "make_log: {}\n", error.what());
    return 2;
  }
}
