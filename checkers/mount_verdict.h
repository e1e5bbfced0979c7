// SPDX-License-Identifier: GPL-2.0-only
//
// What the checkers that have a state mounted share: from a report of a mount to a
// verdict and to probes of data.
//
// Of a report: "cannot mount" (it blinds), what went wrong after mounting, what the
// kernel complained of, and the death of the machine (it blinds too) are findings. A
// visit that timed out is inconclusive. What the kernel says otherwise is in
// Verdict::output.

#pragma once

#include "base/mount_report.h"
#include "base/result.h"
#include "checkers/checker.h"
#include "replay/verdict.h"

#include <string>
#include <string_view>

namespace powercut {

// What the keys of machine failures begin with.
inline constexpr std::string_view kMachineKey = "machine: ";

// "a,b"; either may be empty.
std::string join_options(const std::string& first, const std::string& second);

// A request to mount with a walk, with the user's options behind `own`.
MountRequest mount_request(const std::string& type, const std::string& own,
                           const CheckerOptions& options);

// Mounts disk 0. An Error: this place can mount no state.
Result<MountReport> mount_state(const Subject& subject, const MountRequest& request);

// The findings are as they came: settle() it when the last is there.
Verdict verdict_of(const MountReport& report);

// Adds the findings of a report; `when` goes before their texts.
void add_report(Verdict& verdict, const MountReport& report, std::string_view when = "");

void make_inconclusive(Verdict& verdict, std::string reason);

// Not inconclusive, and there is a file system to look at.
bool can_go_on(const Verdict& verdict);

// No effect on an inconclusive verdict.
void add_finding(Verdict& verdict, Finding finding);

// Adds a text to what was printed; the whole is bounded.
void add_output(Verdict& verdict, std::string_view title, std::string_view text);

// Each key once, those that blind first, then by key; the outcome is that of `tree` and
// the keys.
void settle(Verdict& verdict, const FileTree& tree);

// Has the verdict of a base tell that recovery brought back `tree`; without effect if it
// is inconclusive, or if nothing could be looked at.
void observe_files(Verdict& verdict, FileTree tree);

// Mounts disk 0 once more, read-only, and reads what files hold: adds a probe for each
// unit. probes[0] must be settled with `tree`, and only what goes wrong with this mount
// as a whole is added to it. What the kernel says meanwhile makes no finding: it may be
// about data, which the base has not read, and a bad unit says so itself (an error). With
// request.want_bytes each probe tells what it saw.
//
// A base that is inconclusive, or in which nothing else can be found, gets no probes.
Status add_data_probes(const Subject& subject, MountRequest request, const FileTree& tree,
                       Judgement& judgement);

// Settles a verdict, has it tell `tree` if the options ask for that, and adds data probes
// if they ask for data: the end of a run.
Result<Judgement> conclude(const Subject& subject, MountRequest request,
                           const FileTree& tree, Verdict verdict,
                           const CheckerOptions& options);

}  // namespace powercut
