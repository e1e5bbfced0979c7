// SPDX-License-Identifier: GPL-2.0-only

#include "log/log_place.h"

#include "log/format1_writer.h"
#include "log/format2_writer.h"
#include "tests/unit/log/opened_log.h"

#include <catch2/catch.hpp>

#include <vector>

namespace powercut {
namespace {

constexpr std::uint64_t kDeviceBytes = 4 << 20;

// Two writes, a run of zeros and a mark, on a "device" that is larger than the log.
void write_format2(const std::filesystem::path& path) {
  Format2Options options;
  Device device;
  device.size_bytes = 1 << 20;
  options.devices = {device};
  options.uuid = LogUuid{1};
  auto writer = value_or_throw(Format2Writer::create(path, options));
  const std::vector<std::byte> data(4096, std::byte{7});
  const std::vector<std::byte> zeros(512 * 1024);
  Submission submission;
  submission.length_bytes = data.size();
  value_or_throw(writer->complete(value_or_throw(writer->submit(submission, data)), 0));
  submission.length_bytes = zeros.size();
  value_or_throw(writer->complete(value_or_throw(writer->submit(submission, zeros)), 0));
  value_or_throw(writer->mark("m"));
  value_or_throw(writer->close());
}

void write_format1(const std::filesystem::path& path) {
  Format1Writer writer = value_or_throw(Format1Writer::create(path, 512));
  const std::vector<std::byte> data(4096, std::byte{7});
  value_or_throw(writer.entry({0, 0, data.size()}, data));
  value_or_throw(writer.mark("dm-log-writes-end"));
  value_or_throw(writer.close());
}

TEST_CASE("a place for a log is blank, a log, or something else", "[log][log_place]") {
  ScratchDir dir;
  const std::string zeros(3 << 20, '\0');
  write_file(dir / "zeros", zeros);
  CHECK(value_or_throw(look_at_log_place(dir / "zeros")) == LogPlace::kBlank);
  write_file(dir / "small", "");
  CHECK(value_or_throw(look_at_log_place(dir / "small")) == LogPlace::kBlank);
  for (const std::size_t position :
       {std::size_t{0}, std::size_t{1080}, zeros.size() - 1}) {
    std::string other = zeros;
    other[position] = 'x';
    write_file(dir / "other", other);
    CHECK(value_or_throw(look_at_log_place(dir / "other")) == LogPlace::kOther);
  }
  write_format1(dir / "one");
  CHECK(value_or_throw(look_at_log_place(dir / "one")) == LogPlace::kLog);
  write_format2(dir / "two");
  CHECK(value_or_throw(look_at_log_place(dir / "two")) == LogPlace::kLog);
  CHECK_FALSE(look_at_log_place(dir / "missing"));
}

TEST_CASE("a log is copied up to its end, and reads the same", "[log][log_place]") {
  ScratchDir dir;
  for (const auto write : {&write_format1, &write_format2}) {
    const std::filesystem::path device = dir / "device";
    write(device);
    const std::uint64_t end = std::filesystem::file_size(device);
    // What an older log left on the device behind this one.
    std::filesystem::resize_file(device, kDeviceBytes);
    CHECK(value_or_throw(log_bytes(device)) == end);
    CHECK(value_or_throw(copy_log(device, dir / "copy")) == end);
    CHECK(std::filesystem::file_size(dir / "copy") == end);
    CHECK(read_file(dir / "copy") == read_file(device).substr(0, end));
    const OpenedLog before = open_log(device);
    const OpenedLog after = open_log(dir / "copy");
    REQUIRE(before.log);
    REQUIRE(after.log);
    CHECK(after.log->end() == LogEnd::kClean);
    CHECK(after.log->digest() == before.log->digest());
    CHECK(describe_events(*after.log) == describe_events(*before.log));
    std::filesystem::remove(device);
  }
}

TEST_CASE("a log is not copied onto itself, and what is no log not at all",
          "[log][log_place]") {
  ScratchDir dir;
  write_format1(dir / "log");
  const std::string bytes = read_file(dir / "log");
  CHECK_FALSE(copy_log(dir / "log", dir / "log"));
  CHECK(read_file(dir / "log") == bytes);
  write_file(dir / "none", std::string(8192, 'x'));
  CHECK_FALSE(copy_log(dir / "none", dir / "copy"));
  CHECK_FALSE(std::filesystem::exists(dir / "copy"));
}

}  // namespace
}  // namespace powercut
