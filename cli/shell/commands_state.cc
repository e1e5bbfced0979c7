// SPDX-License-Identifier: GPL-2.0-only
//
// Commands about the states of a place: what is pending, and what of it is lost.

#include "cli/shell/shell.h"
#include "cli/shell/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace powercut {

namespace {

void window(Shell& shell, Words words) {
  expect_words(words, 0, 0, "window");
  ShellSession& session = shell.session;
  const auto [first, last] = session.window();
  const Cut cut = session.cut();
  fmt::print("here       {}\n", session.place());
  fmt::print("window     cuts {} to {}{}\n", first, last,
             last == session.cut()
                 ? ", and this is its last, at which check looks"
                 : fmt::format("; check looks at its last, {}",
                               printable(session.steps().name_of(last))));
  fmt::print("writes     {} so far, {} durable, {} pending\n", session.submitted_at(cut),
             session.durable_at(cut), session.pending_at(cut));
  fmt::print("states     {} permitted here, by {} choices\n",
             to_decimal(session.draft().state().space->state_count()),
             session.draft().state().space->variable_count());
}

// What the list says of a write in the state here.
const char* state_of(const ShellSession& session, WriteIndex write,
                     const std::vector<WriteIndex>& lost) {
  const std::vector<WriteIndex>& pending = session.pending();
  if (!std::binary_search(pending.begin(), pending.end(), write)) {
    return session.durability().ignored(write) ? "no effect" : "durable";
  }
  return std::binary_search(lost.begin(), lost.end(), write) ? "lost" : "pending";
}

std::string owner_text(const BlockOwners& owners, const Write& write) {
  constexpr std::size_t kWidest = 60;
  std::string text = owners.owner_of({write.offset_bytes, write.end_bytes()});
  if (text.starts_with("not known: no ext2")) {
    return "";
  }
  return text.size() > kWidest ? text.substr(0, kWidest - 3) + "..." : text;
}

void list_writes(Shell& shell, const std::vector<WriteIndex>& writes) {
  ShellSession& session = shell.session;
  const Timeline& timeline = session.timeline();
  const std::vector<WriteIndex> lost =
      session.untouched() ? std::vector<WriteIndex>{} : session.draft().lost();
  std::string note;
  for (const WriteIndex index : writes) {
    const Write& write = timeline.write(index);
    const Submitter& by = timeline.submitter(write);
    const std::shared_ptr<const BlockOwners> owners =
        shell.disks.owners(session.recording(), session.cut(), write.device, note);
    const std::string owner = owner_text(*owners, write);
    fmt::print("{:>8} {:>12} {:<16} dev {} {:>12} {:>8} {:<10} {}{}{}\n",
               number_text(timeline, index), time_text(session, write.submit),
               by.pid == 0 ? "-" : fmt::format("{} {}", by.pid, printable(by.comm)),
               write.device, write.offset_bytes, write.length_bytes, kind_text(write),
               state_of(session, index, lost), owner.empty() ? "" : "  ", owner);
  }
  if (!note.empty()) {
    fmt::print("note: {}\n", note);
  }
}

void writes(Shell& shell, Words words) {
  const std::size_t most = take_count(words);
  expect_words(words, 0, 1, "writes");
  ShellSession& session = shell.session;
  const std::string which = words.empty() ? "pending" : words[0];
  std::vector<WriteIndex> listed;
  std::size_t all = 0;
  if (which == "pending") {
    listed = session.pending();
    all = listed.size();
    listed.resize(std::min(most, all));
  } else if (which == "durable" || which == "all") {
    // The latest ones: those are near.
    const bool durable_only = which == "durable";
    all = durable_only ? session.durable_at(session.cut())
                       : session.submitted_at(session.cut());
    for (std::size_t i = session.submitted_at(session.cut());
         i-- > 0 && listed.size() < most;) {
      const WriteIndex index = static_cast<WriteIndex>(i);
      if (!durable_only || session.durability().durable(index, session.cut())) {
        listed.push_back(index);
      }
    }
    std::reverse(listed.begin(), listed.end());
  } else {
    shell_usage(fmt::format("'{}' is no kind of writes", printable(which)),
                "it is pending, durable or all");
  }
  if (listed.empty()) {
    fmt::print("none {}\n", which == "all" ? "so far" : which);
  }
  list_writes(shell, listed);
  tell_left(all, most, "writes");
}

void tell_state(Shell& shell) {
  StateDraft& draft = shell.session.draft();
  fmt::print("state      {}\n", draft.state().id());
}

std::vector<WriteIndex> named(const Shell& shell, const Words& words, std::size_t first) {
  std::vector<WriteIndex> writes;
  for (std::size_t i = first; i < words.size(); ++i) {
    const std::vector<WriteIndex> some =
        value_or_throw(writes_named(shell.session.timeline(), words[i]));
    writes.insert(writes.end(), some.begin(), some.end());
  }
  return writes;
}

void drop(Shell& shell, Words words) {
  expect_words(words, 1, words.size(), "drop");
  const std::string before = shell.session.state().id();
  value_or_throw(shell.session.draft().drop(named(shell, words, 0)));
  tell_state(shell);
  if (shell.session.state().id() == before) {
    fmt::print("nothing shows it: later writes that are kept cover it\n");
  }
}

void keep(Shell& shell, Words words) {
  expect_words(words, 1, words.size(), "keep");
  StateDraft& draft = shell.session.draft();
  if (words[0] == "all") {
    expect_words(words, 1, 1, "keep");
    draft.keep_all();
  } else if (words[0] == "only") {
    value_or_throw(draft.keep_only(named(shell, words, 1)));
  } else {
    value_or_throw(draft.keep(named(shell, words, 0)));
  }
  tell_state(shell);
}

void state(Shell& shell, Words words) {
  expect_words(words, 0, 1, "state");
  ShellSession& session = shell.session;
  if (!words.empty()) {
    session.go_to_state(words[0]);
  }
  const std::vector<WriteIndex> lost = session.draft().lost();
  std::vector<WriteIndex> kept;
  std::set_difference(session.pending().begin(), session.pending().end(), lost.begin(),
                      lost.end(), std::back_inserter(kept));
  std::erase_if(kept, [&](WriteIndex w) { return !session.draft().is_choice(w); });
  tell_state(shell);
  fmt::print("place      {}\n", session.place());
  fmt::print("lost       {}\n", numbers_text(session.timeline(), lost));
  fmt::print("kept       {}\n", numbers_text(session.timeline(), kept));
}

constexpr std::array<ShellCommand, 5> kTable = {{
    {"window", "", "the window of cuts here, and how many states are permitted", "",
     Completes::kNothing, &window},
    {"writes", "[pending|durable|all] [--count N]",
     "the writes so far: pending ones, or the latest durable ones or of all",
     "  Number, time, submitter, device, offset, length, kind, what became of it here, "
     "and whose\n"
     "  block it is: by the file system as it would be here without a crash, its journal "
     "replayed.\n",
     Completes::kNothing, &writes},
    {"drop", "NUMBER...", "as if these pending writes had been lost",
     "  412, or 412#2 for a piece of a write that failed or changed in flight.\n",
     Completes::kWrites, &drop},
    {"keep", "NUMBER... | only NUMBER... | all",
     "as if they had landed; of the pending writes only these; all of them", "",
     Completes::kWrites, &keep},
    {"state", "[ID]", "the state here, by an id that check --state takes; or go to one",
     "", Completes::kNothing, &state},
}};

}  // namespace

const std::span<const ShellCommand> kStateCommands = kTable;

}  // namespace powercut
