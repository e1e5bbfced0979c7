// SPDX-License-Identifier: GPL-2.0-only

#include "results/outcome_cbor.h"

#include <catch2/catch.hpp>

#include <string>

namespace powercut {
namespace {

RunOutcome an_outcome() {
  RunOutcome outcome;
  ProbeOutcome base{"base", {}, {7, make_unit(1, 3), ~UnitKey{0}}};
  base.verdict.kind = Verdict::Kind::kFindings;
  base.verdict.findings = {{"0x05000a", "Inode bitmap \xff differs", true},
                           {"b", "", false}};
  base.verdict.output = std::string("a\0b\xfe", 4);
  base.verdict.outcome = "digest";
  auto seen = std::make_shared<Observation>();
  seen->files = true;
  FileNode node;
  node.path = "/a\x80";
  node.mode = 0100644;
  node.uid = 1;
  node.gid = 2;
  node.links = 3;
  node.size_bytes = 1ULL << 40;
  node.device = 5;
  node.target = "target";
  node.attributes = {{"user.x", std::string("\0y", 2)}};
  node.extents = {{4096, 8192, true}, {65536, 512, false}};
  node.inode = 12;
  node.allocated_bytes = 8704;
  seen->tree = {node, FileNode{}};
  seen->extents_known = false;
  seen->path = "/p";
  seen->offset_bytes = 9;
  seen->bytes = std::string(3, '\0');
  seen->error = 5;
  seen->claims_made = true;
  seen->claims = {"one", "two\xff"};
  seen->claim_labels = {"label"};
  base.verdict.seen = seen;
  outcome.probes.push_back(base);
  outcome.probes.push_back(ProbeOutcome{"data:/a", {}, {}});
  return outcome;
}

TEST_CASE("an outcome comes back as it was", "[results][cbor]") {
  const RunOutcome before = an_outcome();
  const RunOutcome after = value_or_throw(outcome_from_cbor(outcome_to_cbor(before)));
  REQUIRE(after.probes.size() == 2);
  CHECK(after.probes[1].name == "data:/a");
  CHECK(after.probes[1].footprint.empty());
  CHECK(after.probes[1].verdict.seen == nullptr);
  const ProbeOutcome& is = after.probes[0];
  const ProbeOutcome& was = before.probes[0];
  CHECK(is.name == was.name);
  CHECK(is.footprint == was.footprint);
  CHECK(is.verdict.same_as(was.verdict));
  REQUIRE(is.verdict.findings.size() == 2);
  CHECK(is.verdict.findings[0].key == "0x05000a");
  CHECK(is.verdict.findings[0].summary == was.verdict.findings[0].summary);
  CHECK(is.verdict.findings[0].blinding);
  CHECK(is.verdict.output == was.verdict.output);
  CHECK(is.verdict.outcome == "digest");
  const Observation& seen = *is.verdict.seen;
  CHECK(seen.files);
  CHECK(seen.tree == was.verdict.seen->tree);
  CHECK(seen.tree[0].extents == was.verdict.seen->tree[0].extents);
  CHECK(seen.tree[0].inode == 12);
  CHECK(seen.tree[0].allocated_bytes == 8704);
  CHECK_FALSE(seen.extents_known);
  CHECK(seen.path == "/p");
  CHECK(seen.offset_bytes == 9);
  CHECK(seen.bytes.size() == 3);
  CHECK(seen.error == 5);
  CHECK(seen.claims_made);
  CHECK(seen.claims == was.verdict.seen->claims);
  CHECK(seen.claim_labels == was.verdict.seen->claim_labels);
}

TEST_CASE("what is no outcome is an error", "[results][cbor]") {
  CHECK_FALSE(outcome_from_cbor({}));
  const std::vector<std::byte> empty_list = {std::byte{0x80}};
  CHECK_FALSE(outcome_from_cbor(empty_list));
  const std::vector<std::byte> bytes = outcome_to_cbor(an_outcome());
  for (std::size_t length = 0; length < bytes.size(); length += 3) {
    CHECK_FALSE(outcome_from_cbor(std::span(bytes).first(length)));
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {  // must not crash
    std::vector<std::byte> damaged = bytes;
    damaged[at] ^= std::byte{0x41};
    (void)outcome_from_cbor(damaged);
  }
}

}  // namespace
}  // namespace powercut
