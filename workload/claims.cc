// SPDX-License-Identifier: GPL-2.0-only

#include "workload/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace powercut {

namespace {

constexpr std::size_t kMostFindings = 32;

// What follows `verb` and a blank.
bool after_verb(std::string_view text, std::string_view verb, std::string& rest) {
  if (!text.starts_with(verb) || text.size() <= verb.size() + 1 ||
      text[verb.size()] != ' ') {
    return false;
  }
  rest = text.substr(verb.size() + 1);
  return true;
}

// "block 3" of "block 3: generation 2"; empty if it has none.
std::string label_of(const std::string& item) {
  const std::size_t colon = item.find(": ");
  return colon == std::string::npos ? std::string() : item.substr(0, colon);
}

}  // namespace

Result<std::unique_ptr<ClaimsOracle>> ClaimsOracle::make(const Timeline& timeline) {
  std::unique_ptr<ClaimsOracle> oracle(new ClaimsOracle());
  oracle->stages_.emplace_back();
  bool acknowledged = false;
  for (const Mark& mark : timeline.marks()) {
    Stage stage = oracle->stages_.back();
    std::string item;
    if (after_verb(mark.text, "ack", item)) {
      stage.wanted.insert(item);
      stage.begun.insert(item);
      acknowledged = true;
    } else if (after_verb(mark.text, "begin", item)) {
      stage.begun.insert(item);
    } else if (after_verb(mark.text, "drop", item)) {
      stage.wanted.erase(item);
    } else {
      continue;
    }
    oracle->stages_.push_back(std::move(stage));
    oracle->boundaries_.push_back(mark.at);
  }
  if (!acknowledged) {
    return fail(ErrorKind::kBadInput,
                "the log has no mark 'ack ...': nothing was acknowledged, and nothing "
                "could be found missing",
                "the script says what is durable with `powercut mark \"ack X\"`");
  }
  return oracle;
}

std::vector<Finding> ClaimsOracle::judge(std::size_t stage,
                                         const std::shared_ptr<const Observation>& base,
                                         const Observation* probe) const {
  std::vector<Finding> findings;
  const Observation& seen = probe != nullptr ? *probe : *base;
  if (!seen.claims_made) {
    return findings;
  }
  const std::set<std::string> claims(seen.claims.begin(), seen.claims.end());
  const std::set<std::string> labels(seen.claim_labels.begin(), seen.claim_labels.end());
  // Whether it is for this one to say that the item is there.
  const auto asked = [&](const std::string& item) {
    return labels.contains(label_of(item)) == (probe != nullptr);
  };
  const Stage& now = stages_.at(stage);
  const auto add = [&](const std::string& text) {
    if (findings.size() < kMostFindings) {
      findings.push_back(Finding{text, text, false});
    }
  };
  for (const std::string& item : now.wanted) {
    if (asked(item) && !claims.contains(item)) {
      add(fmt::format("'{}' was acknowledged and is not there", item));
    }
  }
  for (const std::string& item : claims) {
    if (!now.begun.contains(item)) {
      add(fmt::format("'{}' is there and was never begun", item));
    }
  }
  return findings;
}

}  // namespace powercut
