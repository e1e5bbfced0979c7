// SPDX-License-Identifier: GPL-2.0-only

#include "replay/crash_state.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <optional>
#include <string_view>

namespace powercut {

namespace {

// "412", or "412#2" for the second piece of a write that is not atomic.
std::string write_name(const StateSpace& space, WriteIndex index) {
  const Timeline& timeline = space.recording().timeline();
  const Write& write = timeline.write(index);
  if (!write.has(kWritePiece)) {
    return fmt::format("{}", timeline.seq_of(write));
  }
  WriteIndex first = index;
  while (first > 0 && timeline.write(first - 1).submit == write.submit) {
    --first;
  }
  return fmt::format("{}#{}", timeline.seq_of(write), index - first + 1);
}

std::string version_name(const StateSpace& space, Variable variable,
                         std::uint32_t option) {
  const UnitQuestion* question = space.look(space.unit_of(variable)).question;
  const Version& version = question->versions[option];
  switch (version.kind) {
    case Version::Kind::kBase:
      return "base";
    case Version::Kind::kGarbage:
      return "garbage";
    case Version::Kind::kWrite:
      return write_name(space, version.ref);
    case Version::Kind::kMixed:
      break;
  }
  return fmt::format("v{}", option);
}

std::string exception(const StateSpace& space, Variable variable, std::uint32_t option) {
  if (space.is_cluster(variable)) {
    return fmt::format("o{}={}", write_name(space, space.write_of(variable)), option);
  }
  if (space.write_of(variable) == kNoWrite) {
    UnitKey unit = space.unit_of(variable);
    return fmt::format("d{}u{}={}", device_of(unit), number_of(unit),
                       version_name(space, variable, option));
  }
  const char* sign = option == 0 ? "-" : option == 1 ? "+" : "~";
  return sign + write_name(space, space.write_of(variable));
}

}  // namespace

std::string CrashState::id() const {
  std::size_t from_all = 0;
  std::size_t from_none = 0;
  for (Variable v = 0; v < options.size(); ++v) {
    from_all += options[v] != space->most(v) ? 1 : 0;
    from_none += options[v] != space->least(v) ? 1 : 0;
  }
  bool all = from_all <= from_none;
  std::string atomic = space->model().atomic_bytes == 0
                           ? "w"
                           : fmt::format("{}", space->model().atomic_bytes);
  std::string id = fmt::format("c{}.{}.{}", space->cut(), atomic, all ? "all" : "none");
  for (Variable v = 0; v < options.size(); ++v) {
    if (options[v] != (all ? space->most(v) : space->least(v))) {
      std::string part = exception(*space, v, options[v]);
      bool sign = part[0] == '-' || part[0] == '+' || part[0] == '~';
      id += sign ? part : ":" + part;
    }
  }
  return id;
}

CrashState most_state(std::shared_ptr<const StateSpace> space) {
  CrashState state{std::move(space), {}};
  for (Variable v = 0; v < state.space->variable_count(); ++v) {
    state.options.push_back(state.space->most(v));
  }
  return state;
}

CrashState least_state(std::shared_ptr<const StateSpace> space) {
  CrashState state{std::move(space), {}};
  for (Variable v = 0; v < state.space->variable_count(); ++v) {
    state.options.push_back(state.space->least(v));
  }
  return state;
}

CrashState random_state(std::shared_ptr<const StateSpace> space, Random& random) {
  CrashState state{std::move(space), {}};
  for (Variable v = 0; v < state.space->variable_count(); ++v) {
    state.options.push_back(
        static_cast<std::uint32_t>(random.below(state.space->option_count(v))));
  }
  return state;
}

namespace {

// Takes tokens off the front of an id.
class IdReader {
 public:
  explicit IdReader(std::string_view text) : text_(text) {}

  bool done() const { return text_.empty(); }

  bool take(std::string_view token) {
    if (!text_.starts_with(token)) {
      return false;
    }
    text_.remove_prefix(token.size());
    return true;
  }

  template <class Number>
  bool number(Number& value) {
    auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc()) {
      return false;
    }
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return true;
  }

  // "412" or "412#2" as a write of the timeline; kNoWrite if there is none.
  WriteIndex write(const Timeline& timeline) {
    std::uint64_t seq = 0;
    if (!number(seq)) {
      return kNoWrite;
    }
    WriteIndex index = timeline.write_with_seq(seq);
    std::uint32_t piece = 0;
    if (index != kNoWrite && take("#")) {
      if (!number(piece) || piece == 0 || index + piece - 1 >= timeline.writes().size() ||
          timeline.write(index + piece - 1).submit != timeline.write(index).submit) {
        return kNoWrite;
      }
      index += piece - 1;
    }
    return index;
  }

 private:
  std::string_view text_;
};

tl::unexpected<Error> bad_id(const std::string& id, const std::string& why) {
  return fail(ErrorKind::kUsage, fmt::format("'{}' is no state of this log: {}", id, why),
              "an id holds for the log, model, fault and size it was printed with");
}

bool read_head(IdReader& reader, StateIdHead& head) {
  if (!reader.take("c") || !reader.number(head.cut) || !reader.take(".")) {
    return false;
  }
  if (!reader.take("w") &&
      (!reader.number(head.atomic_bytes) || head.atomic_bytes == 0)) {
    return false;
  }
  return reader.take(".");
}

std::optional<Variable> variable_of_write(const StateSpace& space, WriteIndex write,
                                          bool cluster) {
  for (Variable v = 0; v < space.variable_count(); ++v) {
    if (space.write_of(v) == write && write != kNoWrite &&
        space.is_cluster(v) == cluster) {
      return v;
    }
  }
  return std::nullopt;
}

bool read_unit_exception(IdReader& reader, CrashState& state) {
  std::uint16_t device = 0;
  std::uint64_t number = 0;
  if (!reader.number(device) || !reader.take("u") || !reader.number(number) ||
      !reader.take("=")) {
    return false;
  }
  const StateSpace& space = *state.space;
  // Numbers beyond the disk would wrap around in a key.
  if (device >= space.recording().device_count() ||
      number > (space.recording().size_bytes(device) - 1) / space.unit_bytes()) {
    return false;
  }
  const UnitQuestion* question = space.look(make_unit(device, number)).question;
  if (question == nullptr || question->kind != UnitQuestion::Kind::kUnit) {
    return false;
  }
  std::uint32_t option = 0;
  Version wanted;
  if (reader.take("v")) {
    if (!reader.number(option) || option >= question->versions.size()) {
      return false;
    }
    state.options[question->variable] = option;
    return true;
  }
  if (reader.take("garbage")) {
    wanted.kind = Version::Kind::kGarbage;
  } else if (!reader.take("base")) {
    wanted = Version{Version::Kind::kWrite, reader.write(space.recording().timeline())};
  }
  for (; option < question->versions.size(); ++option) {
    if (question->versions[option] == wanted) {
      state.options[question->variable] = option;
      return true;
    }
  }
  return false;
}

bool read_exception(IdReader& reader, CrashState& state) {
  const StateSpace& space = *state.space;
  const Timeline& timeline = space.recording().timeline();
  for (const auto& [sign, option] :
       {std::pair{"-", 0U}, std::pair{"+", 1U}, std::pair{"~", 2U}}) {
    if (reader.take(sign)) {
      std::optional<Variable> v = variable_of_write(space, reader.write(timeline), false);
      if (!v || option >= space.option_count(*v)) {
        return false;
      }
      state.options[*v] = option;
      return true;
    }
  }
  if (reader.take(":o")) {
    std::uint32_t option = 0;
    std::optional<Variable> v = variable_of_write(space, reader.write(timeline), true);
    if (!v || !reader.take("=") || !reader.number(option) ||
        option >= space.option_count(*v)) {
      return false;
    }
    state.options[*v] = option;
    return true;
  }
  return reader.take(":d") && read_unit_exception(reader, state);
}

}  // namespace

Result<StateIdHead> parse_state_head(const std::string& id, Cut end) {
  IdReader reader(id);
  StateIdHead head;
  if (!read_head(reader, head)) {
    return bad_id(id, "it does not begin like c1043.w. or c1043.512.");
  }
  constexpr std::uint32_t kLargestUnit = 65536;
  if (head.atomic_bytes != 0 &&
      (!std::has_single_bit(head.atomic_bytes) || head.atomic_bytes < 512 ||
       head.atomic_bytes > kLargestUnit)) {
    return bad_id(id, fmt::format("{} is no atomic unit", head.atomic_bytes));
  }
  if (head.cut > end) {
    return bad_id(id, fmt::format("the log has {} events", end));
  }
  return head;
}

Result<CrashState> state_from_id(std::shared_ptr<const StateSpace> space,
                                 const std::string& id) {
  IdReader reader(id);
  StateIdHead head;
  if (!read_head(reader, head)) {
    return bad_id(id, "it does not begin like c1043.w. or c1043.512.");
  }
  if (head.cut != space->cut() || head.atomic_bytes != space->model().atomic_bytes) {
    return bad_id(id, "its cut or atomic unit differs");
  }
  CrashState state;
  if (reader.take("all")) {
    state = most_state(std::move(space));
  } else if (reader.take("none")) {
    state = least_state(std::move(space));
  } else {
    return bad_id(id, "neither all nor none follows the cut");
  }
  while (!reader.done()) {
    if (!read_exception(reader, state)) {
      return bad_id(id, "an exception names nothing that is undecided at its cut");
    }
  }
  return state;
}

}  // namespace powercut
