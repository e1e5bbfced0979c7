// SPDX-License-Identifier: GPL-2.0-only

#include "report/timeline_text.h"

#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace powercut {

namespace {

// What a cell shows, the later the more telling.
enum Sign : std::uint8_t {
  kEmpty,
  kGap,
  kFlushLine,
  kPlain,
  kDiscard,
  kZeroes,
  kMeta,
  kFua,
  kUnstable,
  kFailed,
  kSigns
};

constexpr std::array<const char*, kSigns> kUtf8 = {" ", "·", "│", "■", "░",
                                                   "□", "▲", "◆", "≈", "×"};
constexpr std::array<const char*, kSigns> kAscii = {" ", ".", "|", "w", "d",
                                                    "z", "m", "F", "~", "x"};
constexpr std::array<const char*, kSigns> kNames = {"",
                                                    "nothing written there",
                                                    "flush completed",
                                                    "write",
                                                    "discard",
                                                    "write-zeroes",
                                                    "meta write",
                                                    "FUA write",
                                                    "changed in flight",
                                                    "failed"};

Sign sign_of(const DrawnWrite& write) {
  if ((write.flags & kWriteFailed) != 0) {
    return kFailed;
  }
  if ((write.flags & kWriteUnstable) != 0) {
    return kUnstable;
  }
  switch (write.kind) {
    case WriteKind::kPlain:
      return kPlain;
    case WriteKind::kFua:
      return kFua;
    case WriteKind::kMeta:
      return kMeta;
    case WriteKind::kDiscard:
      return kDiscard;
    case WriteKind::kWriteZeroes:
      return kZeroes;
  }
  return kPlain;
}

// A mark is what a workload says: nothing of it may command a terminal.
std::string printable(const std::string& text, std::size_t most) {
  std::string result;
  for (char c : text.substr(0, most)) {
    const auto byte = static_cast<unsigned char>(c);
    result += byte < 0x20 || byte >= 0x7f ? '?' : c;
  }
  return text.size() > most ? result + "..." : result;
}

class Plot {
 public:
  Plot(const TimelineData& data, const TextPlotOptions& options)
      : data_(data),
        options_(options),
        signs_(options.ascii ? kAscii : kUtf8),
        rows_(options.rows) {
    constexpr std::size_t kLeastColumns = 40;
    columns_ = std::max(options.columns, kLeastColumns) - kGutter - 1;
    if (rows_ == 0) {
      const std::size_t devices = std::max<std::size_t>(1, data.devices.size());
      rows_ = std::max<std::size_t>(6, 20 / devices);
    }
    begin_ = data.place(data.from, options.by_time);
    end_ = data.place(std::max(data.to, data.from + 1) - 1, options.by_time);
  }

  std::string draw() {
    draw_marks();
    for (std::uint16_t d = 0; d < data_.devices.size(); ++d) {
      draw_device(d);
    }
    draw_axis();
    draw_legend();
    return text_;
  }

 private:
  static constexpr std::size_t kGutter = 12;

  template <class... Values>
  void add(fmt::format_string<Values...> format, Values&&... values) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Values>(values)...);
  }

  std::size_t column(EventPos pos) const {
    const EventPos last = std::max(data_.to, 1U) - 1;
    const double place = data_.place(std::min(pos, last), options_.by_time);
    const double share = end_ > begin_ ? (place - begin_) / (end_ - begin_) : 0;
    const double at = share * static_cast<double>(columns_);
    return std::min(columns_ - 1, static_cast<std::size_t>(std::max(0.0, at)));
  }

  // From the lower end of the device.
  std::size_t row(double share) const {
    return std::min(rows_ - 1,
                    static_cast<std::size_t>(share * static_cast<double>(rows_)));
  }

  // Names over the picture, as many as there is room for; a tick for all.
  void draw_marks() {
    if (data_.marks.empty()) {
      return;
    }
    std::string names(columns_, ' ');
    std::string ticks(columns_, ' ');
    std::size_t free = 0;
    constexpr std::size_t kMost = 24;
    for (const DrawnMark& mark : data_.marks) {
      const std::string name = printable(mark.text, kMost);
      const std::size_t at = column(mark.at);
      ticks[at] = 'v';
      const std::size_t from =
          name.size() >= columns_ ? 0 : std::min(at, columns_ - name.size());
      if (from >= free && name.size() < columns_) {
        names.replace(from, name.size(), name);
        free = from + name.size() + 1;
      }
    }
    add_line("marks", names);
    add_line("", ticks);
  }

  void add_line(const std::string& label, std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    add("{:>{}}{}{}\n", label, line.empty() ? 0 : kGutter - 1, line.empty() ? "" : " ",
        line);
  }

  void draw_device(std::uint16_t device) {
    const Device& about = data_.devices[device];
    add("{}: {}, {}\n", printable(about.name, 60), bytes_text(data_.device_bytes[device]),
        about.write_cache ? fmt::format("flush domain {}", about.domain)
                          : "no volatile cache");
    std::vector<std::uint8_t> cells(rows_ * columns_, kEmpty);
    const auto put = [&](std::size_t r, std::size_t c, Sign sign) {
      std::uint8_t& cell = cells[r * columns_ + c];
      cell = std::max(cell, static_cast<std::uint8_t>(sign));
    };
    const std::vector<std::size_t> empty = gap_rows(device);
    for (std::size_t r : empty) {
      for (std::size_t c = 0; c < columns_; c += 2) {
        put(r, c, kGap);
      }
    }
    for (const DrawnBarrier& barrier : data_.barriers) {
      if (!barrier.fua && barrier.complete < data_.to && barrier.domain == about.domain) {
        for (std::size_t r = 0; r < rows_; ++r) {
          put(r, column(barrier.complete), kFlushLine);
        }
      }
    }
    for (const DrawnWrite& write : data_.writes) {
      if (write.device != device) {
        continue;
      }
      const SpaceScale& scale = data_.scales[device];
      const std::size_t lowest = row(scale.place(write.offset_bytes + 1));
      const std::size_t highest =
          std::max(lowest, row(scale.place(write.offset_bytes + write.length_bytes - 1)));
      const std::size_t last = column(data_.end_of(write.complete));
      for (std::size_t c = column(write.submit); c <= last; ++c) {
        for (std::size_t r = lowest; r <= highest; ++r) {
          put(r, c, sign_of(write));
        }
      }
    }
    print_cells(device, cells);
  }

  // Rows in which no touched range lies.
  std::vector<std::size_t> gap_rows(std::uint16_t device) const {
    std::vector<bool> touched(rows_, false);
    for (const SpacePiece& piece : data_.scales[device].pieces()) {
      for (std::size_t r = row(piece.from);
           r <= row(std::max(piece.from, piece.to - 1e-9)); ++r) {
        touched[r] = true;
      }
    }
    std::vector<std::size_t> rows;
    for (std::size_t r = 0; r < rows_; ++r) {
      if (!touched[r]) {
        rows.push_back(r);
      }
    }
    return rows;
  }

  void print_cells(std::uint16_t device, const std::vector<std::uint8_t>& cells) {
    std::uint64_t last = ~std::uint64_t{0};
    for (std::size_t r = rows_; r-- > 0;) {
      const std::uint64_t sector = lowest_sector(device, r);
      std::string line;
      std::size_t end = columns_;
      while (end > 0 && cells[r * columns_ + end - 1] == kEmpty) {
        --end;
      }
      for (std::size_t c = 0; c < end; ++c) {
        line += signs_[cells[r * columns_ + c]];
        seen_[cells[r * columns_ + c]] = true;
      }
      add("{:>{}}{}{}\n", sector == last ? "" : count_text(sector), kGutter - 1,
          options_.ascii ? "|" : "▏", line);
      last = sector;
    }
  }

  // The lowest sector that a row shows.
  std::uint64_t lowest_sector(std::uint16_t device, std::size_t r) const {
    const double share = static_cast<double>(r) / static_cast<double>(rows_);
    for (const SpacePiece& piece : data_.scales[device].pieces()) {
      if (share < piece.to) {
        const double part =
            share <= piece.from ? 0 : (share - piece.from) / (piece.to - piece.from);
        return (piece.begin_bytes +
                static_cast<std::uint64_t>(
                    part * static_cast<double>(piece.end_bytes - piece.begin_bytes))) /
               512;
      }
    }
    return 0;
  }

  void draw_axis() {
    std::string begin = "0";
    std::string end = "0";
    const EventPos last = std::max(data_.to, 1U) - 1;
    if (options_.by_time) {
      begin = fmt::format("{:.6f} s", begin_ / 1e9);
      end = fmt::format("{:.6f} s", end_ / 1e9);
    } else if (!data_.seqs.empty()) {
      begin = fmt::format("{}", data_.seqs[std::min(data_.from, last)]);
      end = fmt::format("{}", data_.seqs[last]);
    }
    add("{:>{}} {}{:>{}}\n", options_.by_time ? "time" : "number", kGutter - 1, begin,
        end, columns_ - std::min(columns_, begin.size()));
  }

  void draw_legend() {
    std::string legend;
    for (std::size_t sign = kGap; sign < kSigns; ++sign) {
      if (seen_[sign]) {
        legend += fmt::format("{}{} {}", legend.empty() ? "" : "   ", signs_[sign],
                              kNames[sign]);
      }
    }
    if (!data_.marks.empty()) {
      legend += legend.empty() ? "v mark" : "   v mark";
    }
    if (!legend.empty()) {
      add("{}\n", legend);
    }
    std::size_t flushes = 0;
    for (const DrawnBarrier& barrier : data_.barriers) {
      flushes += barrier.fua ? 0 : 1;
    }
    add("{}, {}, {}; left: sectors, of what was written only\n",
        plural(data_.writes.size(), "write"), plural(flushes, "flush"),
        plural(data_.marks.size(), "mark"));
  }

  const TimelineData& data_;
  const TextPlotOptions& options_;
  const std::array<const char*, kSigns>& signs_;
  std::size_t rows_;
  std::size_t columns_ = 0;
  double begin_ = 0;
  double end_ = 0;
  std::array<bool, kSigns> seen_{};
  std::string text_;
};

}  // namespace

std::string timeline_text(const TimelineData& data, const TextPlotOptions& options) {
  return Plot(data, options).draw();
}

}  // namespace powercut
