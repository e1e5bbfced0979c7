// SPDX-License-Identifier: GPL-2.0-only

#include "report/html_page.h"

#include "base/base64.h"
#include "report/page_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace powercut {

namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

// Within JSON these stand in texts only; as escapes they can end no element.
std::string harmless(const std::string& json) {
  std::string text;
  text.reserve(json.size());
  for (char c : json) {
    if (c == '<' || c == '>' || c == '&') {
      fmt::format_to(std::back_inserter(text), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      text += c;
    }
  }
  return text;
}

// Columns of numbers are written as they are made: a value of a JSON library each would
// take the memory of the log again.
class Columns {
 public:
  explicit Columns(std::string& text) : text_(text) {}

  template <class Range, class Number>
  void add(const char* name, const Range& range, Number number) {
    fmt::format_to(std::back_inserter(text_), "{}\"{}\":[", first_ ? "" : ",", name);
    first_ = false;
    bool first = true;
    for (const auto& element : range) {
      fmt::format_to(std::back_inserter(text_), "{}{}", first ? "" : ",",
                     number(element));
      first = false;
    }
    text_ += ']';
  }

 private:
  std::string& text_;
  bool first_ = true;
};

std::int64_t after(EventPos pos, EventPos submit) {
  return pos == kNever ? -1 : static_cast<std::int64_t>(pos) - submit;
}

// Numbers that grow are differences from the one before.
template <class Element, class Member>
auto delta(Member Element::*member, std::int64_t first = 0) {
  return [member, last = first](const Element& element) mutable {
    const auto value = static_cast<std::int64_t>(element.*member);
    const std::int64_t step = value - last;
    last = value;
    return step;
  };
}

void add_writes(std::string& text, const TimelineData& data) {
  constexpr std::uint64_t kSector = 512;
  using W = DrawnWrite;
  Columns columns(text);
  columns.add("submit", data.writes, delta(&W::submit));
  columns.add("complete", data.writes,
              [](const W& w) { return after(w.complete, w.submit); });
  columns.add("durable", data.writes,
              [](const W& w) { return after(w.durable, w.submit); });
  columns.add("by", data.writes, [](const W& w) {
    return w.durable_by == kNoBarrier ? -1 : static_cast<std::int64_t>(w.durable_by);
  });
  columns.add("sector", data.writes, [](const W& w) { return w.offset_bytes / kSector; });
  columns.add("sectors", data.writes,
              [](const W& w) { return w.length_bytes / kSector; });
  columns.add("device", data.writes, [](const W& w) { return w.device; });
  columns.add("kind", data.writes,
              [](const W& w) { return static_cast<unsigned>(w.kind); });
  columns.add("flags", data.writes,
              [](const W& w) { return static_cast<unsigned>(w.flags); });
  columns.add("who", data.writes, [](const W& w) { return w.submitter; });
  columns.add("epoch", data.writes, delta(&W::epoch));
}

void add_barriers(std::string& text, const TimelineData& data) {
  using B = DrawnBarrier;
  Columns columns(text);
  columns.add("submit", data.barriers, delta(&B::submit));
  columns.add("complete", data.barriers,
              [](const B& b) { return after(b.complete, b.submit); });
  columns.add("number", data.barriers, [](const B& b) { return b.number; });
  columns.add("durable", data.barriers, [](const B& b) { return b.made_durable; });
  columns.add("domain", data.barriers, [](const B& b) { return b.domain; });
  columns.add("device", data.barriers, [](const B& b) { return b.device; });
  columns.add("fua", data.barriers, [](const B& b) { return b.fua ? 1 : 0; });
}

// Time and number of each event that a bar begins or ends at.
void add_events(std::string& text, const TimelineData& data) {
  EventPos first = data.from;
  for (const DrawnWrite& write : data.writes) {
    first = std::min(first, write.submit);
  }
  for (const DrawnBarrier& barrier : data.barriers) {
    first = std::min(first, barrier.submit);
  }
  first = first > 0 ? first - 1 : 0;
  const auto begin = [&](const auto& all) {
    return std::vector(all.begin() + first, all.begin() + data.to);
  };
  fmt::format_to(std::back_inserter(text), "\"first\":{},", first);
  const auto steps = [](auto last) {
    return [last](auto value) mutable {
      const std::int64_t step = static_cast<std::int64_t>(value) - last;
      last = static_cast<std::int64_t>(value);
      return step;
    };
  };
  Columns columns(text);
  if (data.has_times) {
    columns.add("time", begin(data.times), steps(std::int64_t{0}));
  }
  // Where they are not the positions themselves.
  if (data.to > 0 && data.seqs[data.to - 1] != data.to - 1) {
    columns.add("seq", begin(data.seqs), steps(std::int64_t{0}));
  }
  if (text.ends_with(',')) {
    text.pop_back();
  }
}

Json devices_json(const TimelineData& data) {
  Json devices = Json::array();
  for (std::size_t d = 0; d < data.devices.size(); ++d) {
    Json pieces = Json::array();
    for (const SpacePiece& piece : data.scales[d].pieces()) {
      pieces.push_back(
          {piece.begin_bytes / 512, (piece.end_bytes + 511) / 512, piece.from, piece.to});
    }
    devices.push_back({{"name", data.devices[d].name},
                       {"bytes", data.device_bytes[d]},
                       {"block", data.devices[d].logical_block_bytes},
                       {"domain", data.devices[d].domain},
                       {"write_cache", data.devices[d].write_cache},
                       {"pieces", pieces}});
  }
  return devices;
}

std::string hash_source(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return "'sha256-" + to_base64(bytes) + "'";
}

}  // namespace

std::string page_json(const TimelineData& data, const PageContext& context) {
  Json head;
  head["log"] = context.log_path;
  head["description"] = context.description;
  head["digest"] = context.digest;
  head["range"] = context.range;
  head["model"] = context.model;
  head["end"] = context.end;
  head["by_time"] = context.by_time;
  head["warnings"] = context.warnings;
  head["left_out"] = data.left_out;
  head["from"] = data.from;
  head["to"] = data.to;
  head["devices"] = devices_json(data);
  head["submitters"] = Json::array();
  for (const Submitter& submitter : data.submitters) {
    head["submitters"].push_back(Json::array({submitter.pid, submitter.comm}));
  }
  head["marks"] = Json::array();
  for (const DrawnMark& mark : data.marks) {
    head["marks"].push_back(Json::array({mark.at, mark.text}));
  }
  head["checks"] = context.checks;
  std::string text = dump(head);
  text.pop_back();
  text += ",\"events\":{";
  add_events(text, data);
  text += "},\"writes\":{";
  add_writes(text, data);
  text += "},\"barriers\":{";
  add_barriers(text, data);
  text += "}}";
  return harmless(text);
}

std::string html_page(const TimelineData& data, const PageContext& context) {
  const std::string policy = fmt::format(
      "default-src 'none'; base-uri 'none'; form-action 'none'; style-src {}; "
      "script-src {}",
      hash_source(kPageCssSha256), hash_source(kPageJsSha256));
  const std::string json = page_json(data, context);
  // In the order in which they stand there: what is put in is not looked through.
  const std::array<std::pair<std::string_view, std::string_view>, 4> parts = {
      {{"@POLICY@", policy}, {"@CSS@", kPageCss}, {"@DATA@", json}, {"@JS@", kPageJs}}};
  std::string page;
  std::string_view rest = kPageHtml;
  for (const auto& [name, content] : parts) {
    const std::size_t at = rest.find(name);
    page += rest.substr(0, at);
    page += content;
    rest = rest.substr(at + name.size());
  }
  page += rest;
  return page;
}

}  // namespace powercut
