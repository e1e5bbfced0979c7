// SPDX-License-Identifier: GPL-2.0-only

#include "cli/shell/session.h"

#include "cli/shell/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace powercut {

bool is_state_id(const std::string& text) {
  return text.size() > 2 && text[0] == 'c' && text[1] >= '0' && text[1] <= '9' &&
         text.find('.') != std::string::npos;
}

ShellSession::ShellSession(std::shared_ptr<const Recording> recording,
                           const CrashModel& model)
    : recording_(std::move(recording)),
      model_(model),
      steps_(recording_->timeline()),
      durability_(std::make_shared<const Durability>(
          value_or_throw(Durability::build(recording_->timeline(), model)))) {
  for (WriteIndex i = 0; i < timeline().writes().size(); ++i) {
    if (durability_->ignored(i)) {
      ignored_.push_back(i);
    } else if (durability_->durable_at(i) < timeline().end()) {
      durable_from_.push_back(durability_->durable_at(i));
    }
  }
  std::sort(durable_from_.begin(), durable_from_.end());
  go_to(timeline().end());
}

void ShellSession::go_to(Cut cut) {
  cut_ = cut;
  draft_.reset();
  pending_.reset();
}

const std::vector<WriteIndex>& ShellSession::pending() const {
  if (!pending_) {
    pending_ = durability_->pending(timeline(), cut_);
  }
  return *pending_;
}

std::shared_ptr<const StateSpace> ShellSession::space_at(Cut cut,
                                                         std::uint32_t atomic_bytes) {
  if (atomic_bytes == model_.atomic_bytes) {
    return value_or_throw(StateSpace::build(recording_, durability_, cut));
  }
  CrashModel model = model_;
  model.atomic_bytes = atomic_bytes;
  return value_or_throw(
      StateSpace::build(recording_,
                        std::make_shared<const Durability>(
                            value_or_throw(Durability::build(timeline(), model))),
                        cut));
}

CrashState ShellSession::state_with_id(const std::string& id) {
  const StateIdHead head = value_or_throw(parse_state_head(id, timeline().end()));
  return value_or_throw(state_from_id(space_at(head.cut, head.atomic_bytes), id));
}

void ShellSession::go_to_state(const std::string& id) {
  CrashState state = state_with_id(id);
  if (state.space->model().atomic_bytes != model_.atomic_bytes) {
    model_.atomic_bytes = state.space->model().atomic_bytes;
    durability_ = std::make_shared<const Durability>(
        value_or_throw(Durability::build(timeline(), model_)));
  }
  go_to(state.space->cut());
  draft_.emplace(std::move(state), pending());
}

Result<Cut> ShellSession::find(const std::vector<std::string>& words,
                               std::size_t first) const {
  constexpr std::array kKinds = {"mark", "flush", "entry", "seq", "time"};
  if (words.size() <= first) {
    return fail(ErrorKind::kUsage, "where to?",
                "flush 12, mark X, entry N, seq N, write N, time T, start or end");
  }
  const std::string& kind = words[first];
  if (words.size() > first + 1) {
    const std::string rest = join(words, first + 1);
    if (kind == "write") {
      return steps_.find("seq:" + rest);
    }
    if (std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end()) {
      return steps_.find(kind + ":" + rest);
    }
    return steps_.find("mark:" + join(words, first));
  }
  Result<Cut> cut = steps_.find(kind);
  if (!cut && kind.find(':') == std::string::npos) {
    if (const Result<Cut> mark = steps_.find("mark:" + kind)) {
      return mark;
    }
  }
  return cut;
}

CrashState ShellSession::state_named(const std::string& text) {
  if (text == ".") {
    return state();
  }
  if (is_state_id(text)) {
    return state_with_id(text);
  }
  return most_state(space_at(value_or_throw(find({text})), model_.atomic_bytes));
}

std::size_t ShellSession::submitted_at(Cut cut) const {
  const std::span<const Write> writes = timeline().writes();
  return static_cast<std::size_t>(
      std::partition_point(writes.begin(), writes.end(),
                           [&](const Write& write) { return write.submit < cut; }) -
      writes.begin());
}

std::size_t ShellSession::durable_at(Cut cut) const {
  return static_cast<std::size_t>(
      std::lower_bound(durable_from_.begin(), durable_from_.end(), cut) -
      durable_from_.begin());
}

std::size_t ShellSession::pending_at(Cut cut) const {
  const std::size_t submitted = submitted_at(cut);
  const auto ignored = std::lower_bound(ignored_.begin(), ignored_.end(), submitted);
  return submitted - durable_at(cut) -
         static_cast<std::size_t>(ignored - ignored_.begin());
}

std::pair<Cut, Cut> ShellSession::window() const {
  // A cut right at a growth point still has the write pending: the window ends there.
  const auto end = std::lower_bound(durable_from_.begin(), durable_from_.end(), cut_);
  const Cut last = end == durable_from_.end() ? timeline().end() : *end;
  const Cut first = end == durable_from_.begin() ? 0 : *(end - 1) + 1;
  return {first, last};
}

StateDraft& ShellSession::draft() {
  if (!draft_) {
    draft_.emplace(space_at(cut_, model_.atomic_bytes), pending());
  }
  return *draft_;
}

std::string ShellSession::place() const {
  const std::size_t lost = draft_ ? draft_->lost().size() : 0;
  return fmt::format("{} (cut {}, {} pending{})", printable(steps_.name_of(cut_)), cut_,
                     pending_at(cut_), lost == 0 ? "" : fmt::format(", {} lost", lost));
}

}  // namespace powercut
