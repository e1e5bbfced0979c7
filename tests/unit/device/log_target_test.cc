// SPDX-License-Identifier: GPL-2.0-only

#include "device/log_target.h"

#include "base/run_id.h"
#include "device/block_device.h"
#include "device/dm_task.h"
#include "device/kernel_log.h"

#include <catch2/catch.hpp>

#include <sys/sysmacros.h>

#include <string>
#include <vector>

namespace powercut {
namespace {

// The kernel's isspace(): a table of bytes, in which 0xa0 is a blank.
bool is_blank(char c) {
  return c == ' ' || (c >= 9 && c <= 13) || static_cast<unsigned char>(c) == 0xa0;
}

// dm_split_args() of drivers/md/dm-table.c.
std::vector<std::string> split_arguments(const std::string& input) {
  std::vector<std::string> arguments;
  std::size_t end = 0;
  while (true) {
    while (end < input.size() && is_blank(input[end])) {
      ++end;
    }
    if (end == input.size()) {
      return arguments;
    }
    std::string argument;
    while (end < input.size()) {
      if (input[end] == '\\' && end + 1 < input.size()) {
        argument += input[end + 1];
        end += 2;
        continue;
      }
      if (is_blank(input[end])) {
        break;
      }
      argument += input[end++];
    }
    arguments.push_back(argument);
  }
}

TEST_CASE("a mark of any text arrives as one argument", "[device][log_target]") {
  std::string every_byte;
  for (int byte = 1; byte < 256; ++byte) {
    every_byte += static_cast<char>(byte);
  }
  const std::vector<std::string> texts = {
      "plain",
      "two words",
      " leading and trailing ",
      "a\ttab and a\nnewline",
      "back\\slash",
      "\\",
      "ends with \\",
      "\\\\ \\ ",
      "déjà vu, \xc3\xa0",
      every_byte,
  };
  for (const std::string& text : texts) {
    INFO(text);
    const std::vector<std::string> arguments =
        split_arguments("mark " + escape_message(text));
    REQUIRE(arguments.size() == 2);
    CHECK(arguments[0] == "mark");
    CHECK(arguments[1] == text);
  }
  CHECK(escape_message("plain-text_1") == "plain-text_1");
}

TEST_CASE("marks that cannot be are refused before the kernel is asked",
          "[device][log_target]") {
  for (const std::string& text :
       {std::string(), std::string(4001, 'x'), std::string("a\0b", 3)}) {
    const Status status = send_log_mark("powercut-none", text);
    REQUIRE_FALSE(status);
    CHECK(status.error().kind == ErrorKind::kUsage);
  }
}

TEST_CASE("the plain table line is upstream's", "[device][log_target]") {
  CHECK(log_target_parameters({}, "8:16", "8:32") == "8:16 8:32");
  CHECK_FALSE(needs_version_2({}));
}

TEST_CASE("options are counted in words", "[device][log_target]") {
  LogTargetOptions options;
  options.format = 2;
  CHECK(log_target_parameters(options, "8:16", "8:32") == "8:16 8:32 2 format 2");
  CHECK(needs_version_2(options));
  options.domain = 3;
  options.observe = true;
  options.on_full = LogFull::kStop;
  options.ack = LogAck::kDevice;
  options.log_reads = true;
  options.memory_mib = 64;
  options.power_fail = true;
  CHECK(log_target_parameters(options, "8:16", "8:32") ==
        "8:16 8:32 13 format 2 domain 3 observe on_full stop ack device log_reads memory "
        "64 "
        "power_fail");
  options = {};
  options.on_full = LogFull::kError;
  CHECK(log_target_parameters(options, "a", "b") == "a b 2 on_full error");
  options = {};
  options.ack = LogAck::kLog;
  CHECK(log_target_parameters(options, "a", "b") == "a b 2 ack log");
  CHECK(needs_version_2(options));
}

TEST_CASE("power fails as it was asked for", "[device][log_target]") {
  CHECK(power_fail_message({}) == "powerfail now eio");
  CHECK(power_fail_message({PowerFail::When::kFlush, 3, PowerFail::How::kDrop}) ==
        "powerfail flush 3 drop");
  CHECK(power_fail_message({PowerFail::When::kFua, 1, PowerFail::How::kEio}) ==
        "powerfail fua 1 eio");
  CHECK(power_fail_message({PowerFail::When::kAfterFlush, 12, PowerFail::How::kDrop}) ==
        "powerfail after-flush 12 drop");
}

TEST_CASE("a device of ours is known by its name", "[device][device_mapper]") {
  const std::string run_id = make_run_id();
  for (const char* what : {"ext4", "disk1", "My.Journal_2", "a-b-c"}) {
    const std::string name = dm_device_name(run_id, what);
    CHECK(name == "powercut-" + run_id + "-" + what);
    CHECK(find_run_id(name) == run_id);
  }
  CHECK(find_run_id("vg-powercut").empty());
  CHECK(dm_name_of("/dev/mapper/powercut-x-ext4") == "powercut-x-ext4");
  CHECK(dm_name_of("powercut-x-ext4") == "powercut-x-ext4");
  CHECK(dm_name_of("/dev/no-such-device") == "/dev/no-such-device");
}

TEST_CASE("a device goes into a table by its number", "[device][block_device]") {
  BlockDevice device;
  device.number = makedev(259, 4096);
  device.size_bytes = 1 << 20;
  CHECK(device.number_text() == "259:4096");
  CHECK(device.sectors() == 2048);
  const Result<BlockDevice> file = BlockDevice::look_up("/proc/self/exe");
  REQUIRE_FALSE(file);
  CHECK(file.error().kind == ErrorKind::kUsage);
}

TEST_CASE("the kernel's reason is taken out of its log", "[device][kernel_log]") {
  CHECK(kernel_log_text("3,1234,5678,-;device-mapper: table: x\n SUBSYSTEM=block\n") ==
        "device-mapper: table: x");
  CHECK(kernel_log_text("6,1,2,c;").empty());
  CHECK(kernel_log_text("").empty());
  CHECK(kernel_log_text("no head").empty());
  CHECK(dm_reason("device-mapper: table: 253:0: log-writes: format must be 1 or 2 "
                  "(-EINVAL)") == "log-writes: format must be 1 or 2 (-EINVAL)");
  CHECK(dm_reason("device-mapper: table: unknown") == "unknown");
  CHECK(dm_reason("device-mapper: table: 253:0:") == "253:0:");
  CHECK(dm_reason("device-mapper: table: ").empty());
  CHECK(dm_reason("device-mapper: log-writes: full") == "log-writes: full");
  CHECK(dm_reason("other") == "other");
}

}  // namespace
}  // namespace powercut
