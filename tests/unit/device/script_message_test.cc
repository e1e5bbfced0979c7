// SPDX-License-Identifier: GPL-2.0-only
//
// What a script is asked and answers, as messages between a guest and its visitor.

#include "device/script_visit.h"

#include <catch2/catch.hpp>

#include <string>

namespace powercut {
namespace {

TEST_CASE("a request to run a script arrives as it was sent", "[device][script]") {
  ScriptRequest request;
  request.text = "echo a\necho b\n";
  request.disk_names = {"meta", "data"};
  request.timeout = std::chrono::milliseconds(1234);
  const ScriptCall call =
      value_or_throw(read_script_message(script_message(request, {"/a", "/b", "/c"})));
  CHECK(call.request.text == request.text);
  CHECK(call.request.disk_names == request.disk_names);
  CHECK(call.request.timeout == request.timeout);
  CHECK(call.devices == std::vector<std::filesystem::path>{"/a", "/b", "/c"});
}

TEST_CASE("what a script printed arrives, and whether all of it did",
          "[device][script]") {
  ScriptReport report;
  report.parts = {
      {"", "base\n"}, {"block 0", "", true}, {"block 1", std::string(3, '\0')}};
  report.too_many_parts = true;
  report.code = 3;
  report.left = {"dm-3"};
  report.kernel_messages = {"one", "two"};
  const ScriptReport got = value_or_throw(read_scripted(scripted_message(report)));
  REQUIRE(got.parts.size() == 3);
  CHECK(got.parts[0].output == "base\n");
  CHECK_FALSE(got.parts[0].cut);
  CHECK(got.parts[1].label == "block 0");
  CHECK(got.parts[1].cut);
  CHECK(got.parts[2].output == "???");
  CHECK(got.too_many_parts);
  CHECK(got.code == 3);
  CHECK_FALSE(got.signal);
  CHECK(got.left == report.left);
  CHECK(got.kernel_messages == report.kernel_messages);
}

TEST_CASE("an answer of too few strings is refused", "[device][script]") {
  ScriptReport report;
  report.parts = {{"", "x"}};
  GuestMessage message = scripted_message(report);
  message.numbers["parts"] = 2;
  CHECK_FALSE(read_scripted(message));
  message.numbers["parts"] = -1;
  CHECK_FALSE(read_scripted(message));
  CHECK_FALSE(read_scripted(scripted_message(fail(ErrorKind::kSystem, "no bash"))));
}

}  // namespace
}  // namespace powercut
