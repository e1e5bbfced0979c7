// SPDX-License-Identifier: GPL-2.0-only

#include "results/outcome_cbor.h"

#include <nlohmann/json.hpp>

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

namespace powercut {

namespace {

using Json = nlohmann::json;
using Bytes = std::vector<std::uint8_t>;

static_assert(std::endian::native == std::endian::little,
              "footprints are written as they lie in memory");

// Text that need not be UTF-8.
Json raw(const std::string& text) {
  return Json::binary(Bytes(text.begin(), text.end()));
}

std::string raw_from(const Json& json) {
  const Bytes& bytes = json.get_binary();
  return std::string(bytes.begin(), bytes.end());
}

Json units(const std::vector<UnitKey>& footprint) {
  Bytes bytes(footprint.size() * sizeof(UnitKey));
  if (!bytes.empty()) {
    std::memcpy(bytes.data(), footprint.data(), bytes.size());
  }
  return Json::binary(std::move(bytes));
}

std::vector<UnitKey> units_from(const Json& json) {
  const Bytes& bytes = json.get_binary();
  std::vector<UnitKey> footprint(bytes.size() / sizeof(UnitKey));
  if (!footprint.empty()) {
    std::memcpy(footprint.data(), bytes.data(), footprint.size() * sizeof(UnitKey));
  }
  return footprint;
}

Json node_to_json(const FileNode& node) {
  Json attributes = Json::array();
  for (const auto& [name, value] : node.attributes) {
    attributes.push_back(Json::array({raw(name), raw(value)}));
  }
  Json extents = Json::array();
  for (const FileExtent& extent : node.extents) {
    extents.push_back(
        Json::array({extent.offset_bytes, extent.length_bytes, extent.unwritten}));
  }
  return Json::array({raw(node.path), node.mode, node.uid, node.gid, node.links,
                      node.size_bytes, node.device, raw(node.target),
                      std::move(attributes), std::move(extents), node.inode,
                      node.allocated_bytes});
}

FileNode node_from_json(const Json& json) {
  FileNode node;
  std::size_t at = 0;
  const auto next = [&]() -> const Json& { return json.at(at++); };
  node.path = raw_from(next());
  node.mode = next().get<std::uint32_t>();
  node.uid = next().get<std::uint32_t>();
  node.gid = next().get<std::uint32_t>();
  node.links = next().get<std::uint64_t>();
  node.size_bytes = next().get<std::uint64_t>();
  node.device = next().get<std::uint64_t>();
  node.target = raw_from(next());
  for (const Json& each : next()) {
    node.attributes.emplace_back(raw_from(each.at(0)), raw_from(each.at(1)));
  }
  for (const Json& each : next()) {
    node.extents.push_back(FileExtent{each.at(0).get<std::uint64_t>(),
                                      each.at(1).get<std::uint64_t>(),
                                      each.at(2).get<bool>()});
  }
  node.inode = next().get<std::uint64_t>();
  node.allocated_bytes = next().get<std::uint64_t>();
  return node;
}

Json seen_to_json(const Observation& seen) {
  Json tree = Json::array();
  for (const FileNode& node : seen.tree) {
    tree.push_back(node_to_json(node));
  }
  Json claims = Json::array();
  for (const std::string& claim : seen.claims) {
    claims.push_back(raw(claim));
  }
  Json labels = Json::array();
  for (const std::string& label : seen.claim_labels) {
    labels.push_back(raw(label));
  }
  return Json::array({seen.files, std::move(tree), seen.extents_known, raw(seen.path),
                      seen.offset_bytes, raw(seen.bytes), seen.error, seen.claims_made,
                      std::move(claims), std::move(labels)});
}

std::shared_ptr<const Observation> seen_from_json(const Json& json) {
  auto seen = std::make_shared<Observation>();
  std::size_t at = 0;
  const auto next = [&]() -> const Json& { return json.at(at++); };
  seen->files = next().get<bool>();
  for (const Json& node : next()) {
    seen->tree.push_back(node_from_json(node));
  }
  seen->extents_known = next().get<bool>();
  seen->path = raw_from(next());
  seen->offset_bytes = next().get<std::uint64_t>();
  seen->bytes = raw_from(next());
  seen->error = next().get<int>();
  seen->claims_made = next().get<bool>();
  for (const Json& claim : next()) {
    seen->claims.push_back(raw_from(claim));
  }
  for (const Json& label : next()) {
    seen->claim_labels.push_back(raw_from(label));
  }
  return seen;
}

Json verdict_to_json(const Verdict& verdict) {
  Json findings = Json::array();
  for (const Finding& finding : verdict.findings) {
    findings.push_back(
        Json::array({raw(finding.key), raw(finding.summary), finding.blinding}));
  }
  return Json::array({static_cast<int>(verdict.kind), std::move(findings),
                      raw(verdict.reason), raw(verdict.output), raw(verdict.outcome),
                      verdict.seen ? seen_to_json(*verdict.seen) : Json()});
}

Verdict verdict_from_json(const Json& json) {
  Verdict verdict;
  const int kind = json.at(0).get<int>();
  if (kind < 0 || kind > static_cast<int>(Verdict::Kind::kInconclusive)) {
    throw Json::other_error::create(0, "no kind of verdict", &json);
  }
  verdict.kind = static_cast<Verdict::Kind>(kind);
  for (const Json& each : json.at(1)) {
    verdict.findings.push_back(
        Finding{raw_from(each.at(0)), raw_from(each.at(1)), each.at(2).get<bool>()});
  }
  verdict.reason = raw_from(json.at(2));
  verdict.output = raw_from(json.at(3));
  verdict.outcome = raw_from(json.at(4));
  if (!json.at(5).is_null()) {
    verdict.seen = seen_from_json(json.at(5));
  }
  return verdict;
}

}  // namespace

std::vector<std::byte> outcome_to_cbor(const RunOutcome& outcome) {
  Json json = Json::array();
  for (const ProbeOutcome& probe : outcome.probes) {
    json.push_back(Json::array(
        {raw(probe.name), verdict_to_json(probe.verdict), units(probe.footprint)}));
  }
  const Bytes bytes = Json::to_cbor(json);
  std::vector<std::byte> out(bytes.size());
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

Result<RunOutcome> outcome_from_cbor(std::span<const std::byte> bytes) {
  RunOutcome outcome;
  try {
    const auto* const begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
    for (const Json& each : Json::from_cbor(begin, begin + bytes.size())) {
      outcome.probes.push_back(ProbeOutcome{
          raw_from(each.at(0)), verdict_from_json(each.at(1)), units_from(each.at(2))});
    }
  } catch (const Json::exception& exception) {
    return fail(ErrorKind::kBadInput,
                std::string("a stored run cannot be read: ") + exception.what());
  }
  if (outcome.probes.empty()) {
    return fail(ErrorKind::kBadInput, "a stored run cannot be read: it says nothing");
  }
  return outcome;
}

}  // namespace powercut
