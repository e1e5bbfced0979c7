// SPDX-License-Identifier: GPL-2.0-only
//
// Commands that go somewhere in the log, and those that say where one can go.

#include "cli/shell/shell.h"
#include "cli/shell/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace powercut {

namespace {

void tell_place(const Shell& shell) {
  fmt::print("{}\n", shell.session.place());
}

void go_to(Shell& shell, Words words) {
  if (words.size() == 1 && is_state_id(words[0])) {
    shell.session.go_to_state(words[0]);
  } else {
    shell.session.go_to(value_or_throw(shell.session.find(words)));
  }
  tell_place(shell);
}

void step(Shell& shell, const Words& words, bool forward) {
  expect_words(words, 0, 1, forward ? "next" : "prev");
  const StepKind kind =
      words.empty() ? StepKind::kEvent : value_or_throw(parse_step_kind(words[0]));
  const Steps& steps = shell.session.steps();
  const Cut cut = shell.session.cut();
  const std::optional<Cut> found =
      forward ? steps.next(kind, cut) : steps.previous(kind, cut);
  if (!found) {
    shell_usage(fmt::format("no {} {} here", words.empty() ? "event" : words[0],
                            forward ? "behind" : "before"));
  }
  shell.session.go_to(*found);
  tell_place(shell);
}

void next(Shell& shell, Words words) {
  step(shell, words, true);
}

void previous(Shell& shell, Words words) {
  step(shell, words, false);
}

void marks(Shell& shell, Words words) {
  const std::size_t most = take_count(words);
  expect_words(words, 0, 0, "marks");
  const std::span<const Mark> all = shell.session.timeline().marks();
  if (all.empty()) {
    fmt::print("the log has no marks\n");
  }
  for (const Mark& mark : all.first(std::min(most, all.size()))) {
    fmt::print("{:>8} {:>12}  {}\n", shell.session.timeline().seq_at(mark.at),
               time_text(shell.session, mark.at), printable(mark.text));
  }
  tell_left(all.size(), most, "marks");
}

void flushes(Shell& shell, Words words) {
  const std::size_t most = take_count(words);
  expect_words(words, 0, 0, "flushes");
  const Steps& steps = shell.session.steps();
  const std::size_t all = steps.flush_count();
  if (all == 0) {
    fmt::print("the log has no completed flush\n");
  }
  // Around here: of some thousand flushes those next to the place are wanted.
  const std::size_t before = steps.flushes_before(shell.session.cut());
  const std::size_t count = std::min(most, all);
  const std::size_t first =
      std::min(before > count / 2 ? before - count / 2 : 0, all - count) + 1;
  for (std::size_t number = first; number < first + count; ++number) {
    const Cut cut = steps.flush_cut(number);
    fmt::print("{} flush {:<6} {:>12}  cut {:<9} {} pending\n",
               cut == shell.session.cut() ? '*' : ' ', number,
               time_text(shell.session, cut - 1), cut, shell.session.pending_at(cut));
  }
  tell_left(all, most, "flushes");
}

void info(Shell& shell, Words words) {
  expect_words(words, 0, 0, "info");
  const ShellSession& session = shell.session;
  const Recording& recording = *session.recording();
  const Timeline& timeline = recording.timeline();
  fmt::print("log        {}\n", printable(recording.log().description()));
  fmt::print("events     {}: {} writes, {} flushes, {} marks\n", timeline.end(),
             timeline.writes().size(), timeline.flushes().size(),
             timeline.marks().size());
  for (std::uint16_t d = 0; d < recording.device_count(); ++d) {
    const Device& device = timeline.devices()[d];
    fmt::print("device {}   {}: {} bytes, blocks of {}, flush domain {}{}\n", d,
               printable(device.name), recording.size_bytes(d),
               device.logical_block_bytes, device.domain,
               device.write_cache ? "" : ", no volatile cache");
  }
  const CrashModel& model = session.model();
  fmt::print("model      {}, fault {}, atomic unit {}\n", to_string(model.device),
             to_string(model.fault),
             model.atomic_bytes == 0 ? "write" : fmt::format("{}", model.atomic_bytes));
  fmt::print("here       {}\n", session.place());
}

constexpr std::array<ShellCommand, 6> kTable = {{
    {"goto", "PLACE", "go to a place of the log",
     "  flush N, mark X, write N, entry N, seq N, time T, start or end, or as elsewhere "
     "flush:N.\n"
     "  A place is the instant right after the thing; flushes count from 1. T is in "
     "seconds since\n"
     "  the first event: 1.25, 20ms. A mark that comes twice is X#2. A state's id is a "
     "place too.\n",
     Completes::kPlaces, &go_to},
    {"next", "[flush|fua|mark|write|event]", "go to the next one (an event)", "",
     Completes::kSteps, &next},
    {"prev", "[flush|fua|mark|write|event]", "go to the one before (an event)", "",
     Completes::kSteps, &previous},
    {"marks", "[--count N]", "the marks of the log",
     "  Number, time and text; at most N (40).\n", Completes::kNothing, &marks},
    {"flushes", "[--count N]", "the flushes around here, and what was pending after each",
     "", Completes::kNothing, &flushes},
    {"info", "", "the log, its devices, the crash model", "", Completes::kNothing, &info},
}};

}  // namespace

const std::span<const ShellCommand> kMoveCommands = kTable;

}  // namespace powercut
