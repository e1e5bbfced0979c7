// SPDX-License-Identifier: GPL-2.0-only

#include "report/explanation.h"

#include "report/text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace powercut {

namespace {

constexpr std::size_t kMostLines = 400;
constexpr std::size_t kContext = 2;
constexpr std::size_t kMostPrinted = 60;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (lines.size() == kMostLines) {
      lines.emplace_back("... (more lines)");
      break;
    }
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::string count_of(const Explanation& explanation) {
  return explanation.writes.size() == 1
             ? std::string("1 write")
             : fmt::format("{} writes", explanation.writes.size());
}

// "sent 0.012345 s after the first event, by kworker/0:1 (45)".
std::string sent_text(const ExplainedWrite& write) {
  constexpr double kNanoseconds = 1e9;
  std::string text;
  if (write.time_ns != 0) {
    text = fmt::format("sent {:.6f} s after the first event",
                       static_cast<double>(write.time_ns) / kNanoseconds);
  }
  if (write.pid != 0) {
    text +=
        fmt::format("{}by {}", text.empty() ? "sent " : ", ",
                    write.comm.empty() ? fmt::format("process {}", write.pid)
                                       : fmt::format("{} ({})", write.comm, write.pid));
  }
  return text;
}

void add_write(std::string& text, const ExplainedWrite& write) {
  std::back_insert_iterator<std::string> out = std::back_inserter(text);
  fmt::format_to(out, "write      {} {}\n", write.seq, clause_of(write));
  fmt::format_to(out, "           {} of {} at byte {}{} (sector {}){}{}\n", write.op,
                 bytes_text(write.length_bytes), write.offset_bytes,
                 write.device.empty() ? "" : " of " + write.device,
                 write.offset_bytes / 512, write.flags.empty() ? "" : ", ",
                 fmt::join(write.flags, " "));
  if (const std::string sent = sent_text(write); !sent.empty()) {
    fmt::format_to(out, "           {}\n", sent);
  }
  if (!write.holds.empty()) {
    fmt::format_to(out, "           holds: {}\n", write.holds);
  }
  if (!write.cover.empty()) {
    fmt::format_to(out, "           {}\n", write.cover);
  }
}

void add_diff(std::string& text, const std::vector<DiffLine>& lines) {
  std::vector<bool> shown(lines.size(), false);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].in != DiffLine::In::kBoth) {
      const std::size_t end = std::min(lines.size(), i + kContext + 1);
      for (std::size_t j = i - std::min(i, kContext); j < end; ++j) {
        shown[j] = true;
      }
    }
  }
  if (std::none_of(shown.begin(), shown.end(), [](bool each) { return each; })) {
    return;
  }
  text += "output     of the checker: + in the failing state, - in the sound one\n";
  std::size_t printed = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!shown[i]) {
      continue;
    }
    if (++printed > kMostPrinted) {
      text += "             ... (--json has it all)\n";
      break;
    }
    text +=
        fmt::format("           {} {}\n", static_cast<char>(lines[i].in), lines[i].text);
  }
}

const char* name_of(Reduction::Against against) {
  switch (against) {
    case Reduction::Against::kAllLanded:
      return "all-landed";
    case Reduction::Against::kNoneLanded:
      return "none-landed";
    case Reduction::Against::kNothing:
      return "nothing";
    case Reduction::Against::kUnjudged:
      return "unjudged";
  }
  return "";
}

}  // namespace

std::string clause_of(const ExplainedWrite& write) {
  using Kind = ReducedWrite::Kind;
  switch (write.kind) {
    case Kind::kLost:
      return "did not reach the medium";
    case Kind::kTorn:
      return "reached the medium but for sectors " +
             fmt::format("{}", fmt::join(write.sectors, ", "));
    case Kind::kLanded:
      return "reached the medium";
    case Kind::kPartly:
      return "reached the medium only in sectors " +
             fmt::format("{}", fmt::join(write.sectors, ", "));
    case Kind::kGarbage:
      return "left garbage";
    case Kind::kOrder:
      return "landed in another order than others in flight with it, or not with them";
  }
  return "";
}

std::string explanation_summary(const Explanation& explanation) {
  switch (explanation.against) {
    case Reduction::Against::kAllLanded:
      return fmt::format(
          "it is enough that {} of {} pending {} wrong; with all of them "
          "on the medium the finding goes",
          count_of(explanation), explanation.pending,
          explanation.writes.size() == 1 ? "goes" : "go");
    case Reduction::Against::kNoneLanded:
      return fmt::format(
          "it is enough that {} of {} pending {} the medium; with none of "
          "them there the finding goes",
          count_of(explanation), explanation.pending,
          explanation.writes.size() == 1 ? "reaches" : "reach");
    case Reduction::Against::kNothing:
      return fmt::format(
          "whichever of {} pending writes reach the medium, all of them or "
          "none: the finding stays. What was lost was not written, or was "
          "overwritten, before this cut",
          explanation.pending);
    case Reduction::Against::kUnjudged:
      return fmt::format(
          "not at all: with all or with none of {} pending writes on the medium the "
          "checker could not judge, or was not asked, so there is nothing to reduce "
          "against",
          explanation.pending);
  }
  return "";
}

std::string explanation_text(const Explanation& explanation) {
  std::string text;
  std::back_insert_iterator<std::string> out = std::back_inserter(text);
  fmt::format_to(
      out, "finding    {}: state {}{}\n", explanation.log, explanation.finding_id,
      explanation.probe == "base" ? "" : ", by the probe " + explanation.probe);
  for (const std::string& complaint : explanation.complaints) {
    fmt::format_to(out, "           {}\n", complaint);
  }
  fmt::format_to(out, "reduced    {}{}\n", explanation_summary(explanation),
                 explanation.minimal ? "" : " (NOT minimal: --max-runs was reached)");
  for (const ExplainedWrite& write : explanation.writes) {
    add_write(text, write);
  }
  fmt::format_to(out, "state      {}\n", explanation.reduced_id);
  if (!explanation.sound_id.empty()) {
    fmt::format_to(out, "sound      {}\n", explanation.sound_id);
  }
  add_diff(text, explanation.output);
  for (const std::string& note : explanation.notes) {
    fmt::format_to(out, "note       {}\n", note);
  }
  fmt::format_to(out, "reproduce  {}\n", explanation.reproduce);
  fmt::format_to(out, "look       {}\n", explanation.look);
  fmt::format_to(out, "decided    {} asked, {}\n", plural(explanation.asked, "state"),
                 explanation.runs == explanation.asked
                     ? "each by a checker run"
                     : fmt::format("{} by a checker run, the rest known from them",
                                   explanation.runs));
  return text;
}

std::string explanation_json(const Explanation& explanation) {
  nlohmann::ordered_json json;
  json["finding"] = explanation.finding_id;
  json["log"] = explanation.log;
  json["checker"] = explanation.checker;
  json["probe"] = explanation.probe;
  json["against"] = name_of(explanation.against);
  json["summary"] = explanation_summary(explanation);
  json["state"] = explanation.reduced_id;
  json["sound"] = explanation.sound_id;
  json["pending"] = explanation.pending;
  json["missing_before"] = explanation.missing_before;
  json["minimal"] = explanation.minimal;
  json["complaints"] = explanation.complaints;
  json["writes"] = nlohmann::ordered_json::array();
  for (const ExplainedWrite& write : explanation.writes) {
    nlohmann::ordered_json each;
    each["kind"] = to_string(write.kind);
    each["seq"] = write.seq;
    each["time_ns"] = write.time_ns;
    each["pid"] = write.pid;
    each["comm"] = write.comm;
    each["device"] = write.device;
    each["op"] = write.op;
    each["offset_bytes"] = write.offset_bytes;
    each["length_bytes"] = write.length_bytes;
    each["flags"] = write.flags;
    each["sectors"] = write.sectors;
    each["holds"] = write.holds;
    each["covered_by"] = write.cover;
    json["writes"].push_back(std::move(each));
  }
  json["output_diff"] = nlohmann::ordered_json::array();
  for (const DiffLine& line : explanation.output) {
    json["output_diff"].push_back(std::string(1, static_cast<char>(line.in)) + line.text);
  }
  json["asked"] = explanation.asked;
  json["runs"] = explanation.runs;
  json["notes"] = explanation.notes;
  json["reproduce"] = explanation.reproduce;
  json["text"] = explanation_text(explanation);
  constexpr int kIndent = 2;
  return json.dump(kIndent, ' ', false,
                   nlohmann::ordered_json::error_handler_t::replace) +
         "\n";
}

std::vector<DiffLine> diff_lines(const std::string& sound, const std::string& failing) {
  const std::vector<std::string> a = lines_of(sound);
  const std::vector<std::string> b = lines_of(failing);
  // common[i][j]: length of the longest common subsequence of what follows.
  std::vector<std::vector<std::size_t>> common(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      common[i][j] = a[i] == b[j] ? common[i + 1][j + 1] + 1
                                  : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::vector<DiffLine> lines;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      lines.push_back({DiffLine::In::kBoth, a[i]});
      ++i;
      ++j;
    } else if (i < a.size() && (j == b.size() || common[i + 1][j] >= common[i][j + 1])) {
      lines.push_back({DiffLine::In::kSound, a[i++]});
    } else {
      lines.push_back({DiffLine::In::kFailing, b[j++]});
    }
  }
  return lines;
}

}  // namespace powercut
