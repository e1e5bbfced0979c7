// SPDX-License-Identifier: GPL-2.0-only

#include "report/timeline_svg.h"

#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <tuple>

namespace powercut {

namespace {

constexpr double kWidth = 1200;
constexpr double kLeft = 100;
constexpr double kRight = kWidth - 16;
constexpr double kTop = 62;
constexpr double kLaneGap = 30;
constexpr std::size_t kMostMarks = 200;
constexpr std::size_t kMostFlushes = 600;

// By WriteKind: told apart without red and green too.
constexpr std::array<const char*, kWriteKinds> kColours = {
    "#2b6cb8", "#d97a00", "#9c3f97", "#7a8593", "#078063"};

// Text of a log, as XML takes it: no markup, and no control characters.
std::string escaped(const std::string& text, std::size_t most) {
  std::string result;
  for (char c : text.substr(0, most)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
    } else if (c == '&') {
      result += "&amp;";
    } else if (c == '"') {
      result += "&quot;";
    } else {
      // What is not ASCII may be no UTF-8 either, and no XML then.
      result += byte < 0x20 || byte >= 0x7f ? '?' : c;
    }
  }
  return text.size() > most ? result + "..." : result;
}

class Svg {
 public:
  Svg(const TimelineData& data, bool by_time) : data_(data), by_time_(by_time) {
    const std::size_t lanes = std::max<std::size_t>(1, data.devices.size());
    lane_height_ = lanes == 1 ? 360 : std::max(100.0, 480.0 / static_cast<double>(lanes));
    bottom_ = kTop + static_cast<double>(lanes) * (lane_height_ + kLaneGap);
    begin_ = data.place(data.from, by_time);
    end_ =
        std::max(data.place(std::max(data.to, data.from + 1) - 1, by_time), begin_ + 1);
  }

  std::string draw(const std::string& title) {
    add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" width=\"{}\" "
        "height=\"{}\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n",
        kWidth, bottom_ + 52, kWidth, bottom_ + 52);
    add("<title>{}</title>\n", escaped(title, 200));
    add("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
    add("<text x=\"{}\" y=\"20\" font-size=\"15\" font-weight=\"bold\" "
        "fill=\"#1a212c\">{}</text>\n",
        kLeft, escaped(title, 120));
    for (std::uint16_t d = 0; d < data_.devices.size(); ++d) {
      draw_lane(d);
    }
    draw_flushes();
    draw_writes();
    draw_marks();
    draw_axis();
    draw_legend();
    return text_ + "</svg>\n";
  }

 private:
  template <class... Values>
  void add(fmt::format_string<Values...> format, Values&&... values) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Values>(values)...);
  }

  double x(EventPos pos) const {
    const double place = data_.place(std::min(pos, std::max(data_.to, 1U) - 1), by_time_);
    return std::clamp(kLeft + (place - begin_) / (end_ - begin_) * (kRight - kLeft),
                      kLeft, kRight);
  }

  double lane_top(std::uint16_t device) const {
    return kTop + kLaneGap + device * (lane_height_ + kLaneGap);
  }

  double y(std::uint16_t device, std::uint64_t offset_bytes) const {
    return lane_top(device) +
           lane_height_ * (1 - data_.scales[device].place(offset_bytes));
  }

  void draw_lane(std::uint16_t device) {
    const double top = lane_top(device);
    add("<rect x=\"{}\" y=\"{:.1f}\" width=\"{}\" height=\"{:.1f}\" fill=\"#f7f9fb\"/>\n",
        kLeft, top, kRight - kLeft, lane_height_);
    draw_epochs(device);
    const std::vector<SpacePiece>& pieces = data_.scales[device].pieces();
    double last = top + 2 * lane_height_;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (i > 0) {
        const double upper = top + lane_height_ * (1 - pieces[i].from);
        add("<rect x=\"{}\" y=\"{:.1f}\" width=\"{}\" height=\"{:.1f}\" "
            "fill=\"#e4e8ee\"/>\n",
            kLeft, upper, kRight - kLeft,
            lane_height_ * (pieces[i].from - pieces[i - 1].to));
      }
      const double place = top + lane_height_ * (1 - pieces[i].from);
      if (last - place >= 13) {
        add("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\" "
            "fill=\"#566172\">{}</text>\n",
            kLeft - 6, place + 4, count_text(pieces[i].begin_bytes / 512));
        last = place;
      }
    }
    if (last - top >= 13) {
      add("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\" fill=\"#566172\">{}</text>\n",
          kLeft - 6, top + 4, count_text(pieces.back().end_bytes / 512));
    }
    add("<text x=\"{}\" y=\"{:.1f}\" fill=\"#1a212c\">{}, {}, sectors</text>\n", kLeft,
        top - 6, escaped(data_.devices[device].name, 60),
        bytes_text(data_.device_bytes[device]));
  }

  void draw_epochs(std::uint16_t device) {
    std::vector<double> ends;
    for (const DrawnBarrier& barrier : data_.barriers) {
      if (!barrier.fua && barrier.complete < data_.to &&
          barrier.domain == data_.devices[device].domain) {
        ends.push_back(x(barrier.complete));
      }
    }
    if (ends.size() > kMostFlushes / 3) {
      return;
    }
    for (std::size_t i = 0; i < ends.size(); i += 2) {
      const double to = i + 1 < ends.size() ? ends[i + 1] : kRight;
      add("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
          "fill=\"#eaeff5\"/>\n",
          ends[i], lane_top(device), std::max(0.0, to - ends[i]), lane_height_);
    }
  }

  void draw_flushes() {
    double last = -1;
    const bool dense = data_.barriers.size() > kMostFlushes;
    for (const DrawnBarrier& barrier : data_.barriers) {
      if (barrier.fua) {
        continue;
      }
      const double from = x(barrier.submit);
      const double to = x(data_.end_of(barrier.complete));
      if (dense && to - last < 2) {
        thinned_ = true;
        continue;
      }
      last = to;
      for (std::uint16_t d = 0; d < data_.devices.size(); ++d) {
        if (data_.devices[d].domain != barrier.domain) {
          continue;
        }
        add("<path d=\"M{:.1f} {:.1f}v{:.1f}\" stroke=\"#1f2937\"{}/>\n", to,
            lane_top(d) - 4, lane_height_ + 4,
            barrier.complete == kNever ? " stroke-dasharray=\"2 3\"" : "");
        if (to - from > 1) {
          add("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
              "fill=\"#1f2937\" opacity=\"0.12\"/>\n",
              from, lane_top(d), to - from, lane_height_);
        }
      }
    }
  }

  void draw_writes() {
    const bool thin = data_.writes.size() > kMostBarsOfSvg;
    std::set<std::tuple<int, int, int, int>> taken;
    for (const DrawnWrite& write : data_.writes) {
      const double from = x(write.submit);
      const double width = std::max(2.0, x(data_.end_of(write.complete)) - from);
      const double upper = y(write.device, write.offset_bytes + write.length_bytes);
      const double lower = y(write.device, write.offset_bytes);
      const double height = std::max(2.5, lower - upper);
      const bool odd = (write.flags & (kWriteFailed | kWriteUnstable)) != 0;
      constexpr int kGrid = 6;
      if (thin && !odd &&
          (taken.size() >= kMostBarsOfSvg ||
           !taken
                .emplace(static_cast<int>(from) / kGrid, static_cast<int>(upper) / kGrid,
                         write.device, static_cast<int>(write.kind))
                .second)) {
        thinned_ = true;
        continue;
      }
      add("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
          "fill=\"{}\"{}/>\n",
          from - 1, upper, width, height, kColours[static_cast<std::size_t>(write.kind)],
          odd ? " stroke=\"#c4122f\" stroke-dasharray=\"2 1\"" : "");
    }
  }

  void draw_marks() {
    double ends = -1;
    std::size_t drawn = 0;
    for (const DrawnMark& mark : data_.marks) {
      const double at = x(mark.at);
      // Those without room for a name are left out before the picture is all lines.
      constexpr double kLetter = 6.5;
      const double width =
          kLetter * static_cast<double>(std::min<std::size_t>(mark.text.size(), 24));
      const double from = std::min(at + 3, kRight - width);
      const bool named = from > ends;
      if (++drawn > kMostMarks) {
        thinned_ = true;
        break;
      }
      add("<path d=\"M{:.1f} 46V{:.1f}\" stroke=\"#0f766e\" stroke-dasharray=\"1 3\"/>\n",
          at, bottom_);
      if (named) {
        add("<text x=\"{:.1f}\" y=\"44\" fill=\"#0f766e\">{}</text>\n", from,
            escaped(mark.text, 24));
        ends = from + width + 6;
      }
    }
  }

  std::string place_text(EventPos pos) const {
    return by_time_ ? fmt::format("{:.6f} s", data_.place(pos, true) / 1e9)
                    : fmt::format("{}", pos < data_.seqs.size() ? data_.seqs[pos] : pos);
  }

  void draw_axis() {
    const EventPos last = std::max(data_.to, data_.from + 1) - 1;
    constexpr int kTicks = 6;
    for (int i = 0; i <= kTicks; ++i) {
      const double share = static_cast<double>(i) / kTicks;
      const EventPos pos =
          data_.from +
          static_cast<EventPos>(share * static_cast<double>(last - data_.from));
      const double at = kLeft + share * (kRight - kLeft);
      const std::string label =
          by_time_ ? fmt::format("{:.6f} s", (begin_ + share * (end_ - begin_)) / 1e9)
                   : place_text(pos);
      add("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" "
          "fill=\"#566172\">{}</text>\n",
          at, bottom_ + 18,
          i == 0        ? "start"
          : i == kTicks ? "end"
                        : "middle",
          label);
    }
    add("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\" fill=\"#1a212c\">{}</text>\n",
        kLeft - 6, bottom_ + 18, by_time_ ? "time" : "number");
  }

  void draw_legend() {
    double at = kLeft;
    std::array<std::size_t, kWriteKinds> counts{};
    for (const DrawnWrite& write : data_.writes) {
      ++counts[static_cast<std::size_t>(write.kind)];
    }
    const double line = bottom_ + 40;
    for (std::size_t kind = 0; kind < kWriteKinds; ++kind) {
      if (counts[kind] == 0) {
        continue;
      }
      const std::string label =
          fmt::format("{} {}", counts[kind], to_string(static_cast<WriteKind>(kind)));
      add("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"14\" height=\"8\" fill=\"{}\"/>\n", at,
          line - 8, kColours[kind]);
      add("<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"#1a212c\">{}</text>\n", at + 19, line,
          label);
      at += 40 + 6.8 * static_cast<double>(label.size());
    }
    std::string rest = "| flush, at its completion";
    if (thinned_) {
      rest += fmt::format(
          "   (thinned out: what falls onto one place of {} writes is "
          "drawn once)",
          data_.writes.size());
    }
    add("<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"#1a212c\">{}</text>\n", at, line, rest);
  }

  const TimelineData& data_;
  bool by_time_;
  bool thinned_ = false;
  double lane_height_ = 0;
  double bottom_ = 0;
  double begin_ = 0;
  double end_ = 1;
  std::string text_;
};

}  // namespace

std::string timeline_svg(const TimelineData& data, const std::string& title,
                         bool by_time) {
  return Svg(data, by_time).draw(title);
}

}  // namespace powercut
