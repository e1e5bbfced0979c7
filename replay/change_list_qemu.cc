// SPDX-License-Identifier: GPL-2.0-only
//
// QEMU's dirty bitmaps as JSON: what `qemu-img map --output=json` prints of an NBD export
// opened with x-dirty-bitmap, and {"granularity": N, "dirty": [[start, length], ...]}.

#include "replay/change_list_parts.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace powercut {

namespace {

using Json = nlohmann::json;

// Gives the characters of a text to the JSON reader and counts the lines it has read:
// the reader itself tells no places of what it understood.
class LineIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  LineIterator(const char* at, std::size_t* line) : at_(at), line_(line) {}

  reference operator*() const { return *at_; }

  LineIterator& operator++() {
    *line_ += *at_ == '\n' ? 1 : 0;
    ++at_;
    return *this;
  }

  LineIterator operator++(int) {
    LineIterator before = *this;
    ++*this;
    return before;
  }

  bool operator==(const LineIterator& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  std::size_t* line_;
};

// The lines on which elements end.
struct ElementLines {
  std::vector<std::size_t> extents;  // of an array that is the whole
  std::vector<std::size_t> pairs;    // of an array in it
};

const char* const kRight =
    "a list is what qemu-img map --output=json prints of an export with x-dirty-bitmap, "
    "or {\"granularity\": 65536, \"dirty\": [[0, 65536]]}";

Result<Json> read_json(std::string_view text, const ChangeListOptions& options,
                       ElementLines& lines) {
  std::size_t line = 1;
  // Of two fields with one name the reader would keep one.
  std::map<int, std::set<std::string>> keys;  // by depth
  std::optional<std::pair<std::size_t, std::string>> twice;
  const Json::parser_callback_t note_line = [&](int depth, Json::parse_event_t event,
                                                Json& value) {
    if (event == Json::parse_event_t::object_start) {
      keys[depth + 1].clear();
    } else if (event == Json::parse_event_t::key &&
               !keys[depth].insert(value.get<std::string>()).second && !twice) {
      twice.emplace(line, value.get<std::string>());
    }
    const bool ends = event == Json::parse_event_t::object_end ||
                      event == Json::parse_event_t::array_end ||
                      event == Json::parse_event_t::value;
    if (ends && (depth == 1 || depth == 2)) {
      (depth == 1 ? lines.extents : lines.pairs).push_back(line);
    }
    return true;
  };
  try {
    Json list = Json::parse(LineIterator(text.data(), &line),
                            LineIterator(text.data() + text.size(), &line), note_line);
    if (twice) {
      return bad_line(options, twice->first,
                      fmt::format("\"{}\" twice in one object", twice->second),
                      "which of the two would count?");
    }
    return list;
  } catch (const Json::exception&) {
    return bad_line(options, line, "up to here this is no JSON", kRight);
  }
}

Result<std::uint64_t> number(const Json& value, const ChangeListOptions& options,
                             std::size_t line, const std::string& what) {
  if (!value.is_number_unsigned()) {
    return bad_line(options, line, fmt::format("{} is no number of bytes", what),
                    "a whole number from 0 on");
  }
  return value.get<std::uint64_t>();
}

// The field of an extent that must be there.
Result<const Json*> field(const Json& extent, const char* name,
                          const ChangeListOptions& options, std::size_t line) {
  const Json::const_iterator found = extent.find(name);
  if (found == extent.end()) {
    return bad_line(options, line, fmt::format("an extent without \"{}\"", name),
                    R"(an extent is {"start": N, "length": N, "data": true or false})");
  }
  return &*found;
}

// One extent of a map. `end` is where the one before ended.
Status add_extent(const Json& extent, std::size_t line, const ChangeListOptions& options,
                  ListedRanges& ranges, std::uint64_t& end) {
  if (!extent.is_object()) {
    return bad_line(options, line, "an extent that is no object", kRight);
  }
  PC_ASSIGN_OR_RETURN(const Json* start_field, field(extent, "start", options, line));
  PC_ASSIGN_OR_RETURN(std::uint64_t start,
                      number(*start_field, options, line, "\"start\""));
  PC_ASSIGN_OR_RETURN(const Json* length_field, field(extent, "length", options, line));
  PC_ASSIGN_OR_RETURN(std::uint64_t length,
                      number(*length_field, options, line, "\"length\""));
  PC_ASSIGN_OR_RETURN(const Json* data, field(extent, "data", options, line));
  if (!data->is_boolean()) {
    return bad_line(options, line, "\"data\" is neither true nor false",
                    R"("data": false is dirty, "data": true is clean)");
  }
  // A dirty bitmap sets one bit of the two that an export's status has.
  const Json::const_iterator zero = extent.find("zero");
  if (zero != extent.end() && !zero->is_boolean()) {
    return bad_line(options, line, "\"zero\" is neither true nor false", kRight);
  }
  if (zero != extent.end() && zero->get<bool>()) {
    return bad_line(options, line, "an extent with \"zero\": true",
                    "this is the map of an image: that of a dirty bitmap is made with "
                    "x-dirty-bitmap=qemu:dirty-bitmap:NAME");
  }
  if (start < end) {
    return bad_line(
        options, line,
        fmt::format("an extent from {} on, where the one before ends at {}", start, end),
        "extents are in order and do not overlap");
  }
  PC_RETURN_IF_ERROR(data->get<bool>() ? ranges.check(line, start, length)
                                       : ranges.add(line, start, length));
  end = start + length;
  return {};
}

Result<std::uint64_t> granularity_of(const Json& value,
                                     const ChangeListOptions& options) {
  const Json::const_iterator found = value.find("granularity");
  if (found == value.end()) {
    return options.granularity_bytes;
  }
  PC_ASSIGN_OR_RETURN(std::uint64_t said, number(*found, options, 1, "\"granularity\""));
  if (!is_granularity(said)) {
    return bad_line(options, 1, fmt::format("a granularity of {} bytes", said),
                    "the size of a block: a multiple of 512, and at most 4T");
  }
  if (options.granularity_bytes != 0 && options.granularity_bytes != said) {
    return fail(ErrorKind::kUsage,
                fmt::format("--granularity is {}, but {} says {}",
                            options.granularity_bytes, options.name, said),
                "leave --granularity out: the list knows it");
  }
  return said;
}

// {"granularity": N, "dirty": [[start, length], ...]}.
Result<ChangeList> parse_pairs(const Json& list, const ElementLines& lines,
                               const ChangeListOptions& options) {
  const Json::const_iterator dirty = list.find("dirty");
  const std::size_t known_fields = 1 + list.count("granularity");
  if (dirty == list.end() || !dirty->is_array() || list.size() != known_fields) {
    return bad_line(options, 1, "an object of something else than \"dirty\"", kRight);
  }
  ChangeListOptions known = options;
  PC_ASSIGN_OR_RETURN(known.granularity_bytes, granularity_of(list, options));
  ListedRanges ranges(known, 1);
  for (std::size_t i = 0; i < dirty->size(); ++i) {
    const Json& pair = (*dirty)[i];
    const std::size_t line = lines.pairs.at(i);
    if (!pair.is_array() || pair.size() != 2) {
      return bad_line(options, line, "a range that is no pair", "[start, length]");
    }
    PC_ASSIGN_OR_RETURN(std::uint64_t start, number(pair[0], options, line, "a start"));
    PC_ASSIGN_OR_RETURN(std::uint64_t length, number(pair[1], options, line, "a length"));
    PC_RETURN_IF_ERROR(ranges.add(line, start, length));
  }
  return ChangeList{ranges.take(), known.granularity_bytes};
}

}  // namespace

Result<ChangeList> parse_qemu_bitmap(std::string_view text,
                                     const ChangeListOptions& options) {
  ElementLines lines;
  PC_ASSIGN_OR_RETURN(Json list, read_json(text, options, lines));
  if (list.is_object()) {
    return parse_pairs(list, lines, options);
  }
  if (!list.is_array() || list.empty()) {
    return bad_line(options, 1, "this is no map", kRight);
  }
  ListedRanges ranges(options, 1);
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    PC_RETURN_IF_ERROR(add_extent(list[i], lines.extents.at(i), options, ranges, end));
  }
  return ChangeList{ranges.take(), options.granularity_bytes};
}

}  // namespace powercut
