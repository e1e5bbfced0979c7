// SPDX-License-Identifier: GPL-2.0-only
//
// What `powercut check` found, as text for people and as one JSON object. The names in
// the JSON are an interface: docs/report.md.

#pragma once

#include "replay/certificate.h"
#include "replay/recording.h"
#include "report/explanation.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace powercut {

// Everything about a check that is not in the certificate.
struct CheckContext {
  std::string log_path;
  std::string from;  // WHERE as resolved
  std::string to;
  std::string checker;
  // What a command needs to rebuild a state (" --size 64M --fault corrupt"), and what
  // `check` needs besides to judge it as it was judged (" --from mark:mkfs").
  std::string state_flags;
  std::string check_flags;
  std::string checker_flags;          // of these, those that choose the checker
  std::string recovery_flags;         // those with which a recovery's log is judged
  std::string mount_flags;            // the same, of what mounts: " --mount here"
  std::vector<std::string> baseline;  // complaints subtracted
  std::string mounted;                // where states are mounted; empty: nowhere
  std::size_t jobs = 1;
  std::uint64_t seed = 1;
  std::vector<std::string> notes;  // sentences for the user
  // Of findings that were explained, by state and probe.
  std::map<std::pair<std::string, std::string>, Explanation> explanations;

  // Null if it was not.
  const Explanation* explanation_of(const FailingClass& failing) const {
    const auto place = explanations.find({failing.state_id, failing.probe});
    return place == explanations.end() ? nullptr : &place->second;
  }
};

// What --depth 2 found in one recovery.
struct RecoveryReport {
  std::string state_id;  // what was recovered
  std::size_t writes = 0;
  std::size_t flushes = 0;
  Certificate certificate;
  std::string log;    // kept, or empty
  std::string image;  // the same
};

// One flush that was ignored in turn, and what came of it.
struct Mutation {
  std::uint64_t flush = 0;  // from 1
  std::uint64_t seq = 0;    // of its submission
  std::size_t writes = 0;   // writes that lose their durability point
  Certificate certificate;
};

// The command that rebuilds the first state of a class and has it judged again.
std::string reproduce_command(const CheckContext& context, const FailingClass& failing);

// One line of the text about a check: "decided", "48 states (all)".
struct ReportLine {
  std::string label;
  std::string text;
};

// The lines from "windows" on that say what was looked at, and how.
std::vector<ReportLine> certificate_lines(const Certificate& certificate);

// What came of it, in one sentence. "Every permitted state is clean" is said of nothing
// that is not proved.
std::string conclusion(const Certificate& certificate);

std::string check_text(const Recording& recording, const CrashModel& model,
                       const CheckContext& context, const Certificate& certificate);
std::string check_json(const Recording& recording, const CrashModel& model,
                       const CheckContext& context, const Certificate& certificate,
                       const std::vector<RecoveryReport>& recoveries = {});

// What follows check_text() with --depth 2.
// `wanted`: how many recoveries were to be looked at.
std::string recovery_text(const CheckContext& context,
                          const std::vector<RecoveryReport>& recoveries,
                          std::size_t wanted);

std::string mutation_text(const CheckContext& context,
                          const std::vector<Mutation>& mutations);
std::string mutation_json(const Recording& recording, const CrashModel& model,
                          const CheckContext& context,
                          const std::vector<Mutation>& mutations);

// "no state is lost", "redundant ...", "carries weight: ...": one flush's verdict.
std::string mutation_verdict(const Mutation& mutation);

}  // namespace powercut
