// SPDX-License-Identifier: GPL-2.0-only

#include "tests/support/reference_model.h"

#include <algorithm>
#include <limits>
#include <string>
#include <unordered_set>
#include <vector>

namespace powercut::test {

namespace {

constexpr std::size_t kNeverHappens = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kMostSteps = 5000;
constexpr std::size_t kMostStates = 1500;

// A change that lands as one. A write is one piece; of a failed one each sector is a
// piece, and of one that changed in flight each sector is two: what was submitted, and
// after it what was there at completion.
struct Piece {
  std::size_t submit = 0;
  std::size_t complete = kNeverHappens;
  std::size_t at = 0;  // first sector, counted through all devices
  std::size_t count = 1;
  char letter = '.';
  bool durable = false;
  bool newer = false;  // of the two pieces of a sector
};

// A disk image as the piece that wrote each sector: its index plus one, 0 for the base.
using Image = std::string;

bool before(const Piece& a, const Piece& b) {
  return (a.complete != kNeverHappens && a.complete < b.submit) ||
         (a.submit == b.submit && !a.newer && b.newer);
}

class Reference {
 public:
  Reference(const History& history, const ReferenceModel& model, std::size_t cut)
      : history_(history), model_(model), cut_(cut) {
    for (const Device& device : history_.devices()) {
      first_sector_.push_back(sectors_);
      sectors_ += device.size_bytes / 512;
    }
    for (std::size_t i = 0; i < cut_; ++i) {
      add_pieces(i);
    }
  }

  std::optional<ReferenceStates> states() {
    if (model_.ordered) {
      return ordered();
    }
    if (model_.atomic_sectors == 0) {
      std::set<Image> images = land(0, sectors_);
      if (too_many_) {
        return std::nullopt;
      }
      ReferenceStates result;
      for (const Image& image : images) {
        result.contents.insert(letters(image));
      }
      return result;
    }
    return by_unit();
  }

 private:
  // "durable if it carried FUA and c(w) <= t; or if a flush F of its domain exists with
  // c(w) < s(F) and c(F) <= t; or if the device model has no volatile cache"
  bool durable(const HistoryEvent& write, std::size_t complete) const {
    if (complete >= cut_) {
      return false;
    }
    const Device& device = history_.devices()[write.place.device];
    if (write.fua || model_.write_through || !device.write_cache) {
      return true;
    }
    for (std::size_t i = complete + 1; i < cut_; ++i) {
      const HistoryEvent& flush = history_.events()[i];
      if (flush.op != Op::kFlush || flush.type != EventType::kSubmit ||
          history_.devices()[flush.place.device].domain != device.domain) {
        continue;
      }
      const std::size_t end =
          history_.completed_at(flush.request).value_or(kNeverHappens);
      if (end < cut_ && history_.events()[end].status == 0) {
        return true;
      }
    }
    return false;
  }

  void add_pieces(std::size_t submit) {
    const HistoryEvent& event = history_.events()[submit];
    if (event.type != EventType::kSubmit || event.op == Op::kFlush) {
      return;
    }
    Piece piece;
    piece.submit = submit;
    piece.complete = history_.completed_at(event.request).value_or(kNeverHappens);
    piece.at = first_sector_[event.place.device] + event.place.sector;
    piece.count = event.place.sectors;
    piece.letter = event.op == Op::kWrite ? event.letter : '.';
    piece.durable = durable(event, piece.complete);
    if (event.op == Op::kDiscard) {
      if (model_.discard == 'k') {
        return;
      }
      piece.durable = piece.durable && model_.discard == 'z';
    }
    const bool completed = piece.complete != kNeverHappens;
    const bool failed = completed && history_.events()[piece.complete].status != 0;
    const bool unstable =
        completed && !failed && history_.events()[piece.complete].unstable;
    if (!failed && !unstable) {
      pieces_.push_back(piece);
      return;
    }
    // It was on its way sector by sector from the beginning, not only since it ended.
    for (std::size_t i = 0; i < event.place.sectors; ++i) {
      Piece sector = piece;
      sector.at += i;
      sector.count = 1;
      sector.durable = piece.durable && !failed;
      pieces_.push_back(sector);
      if (unstable) {
        sector.newer = true;
        sector.durable = false;
        sector.letter = history_.events()[piece.complete].letter;
        pieces_.push_back(sector);
      }
    }
  }

  // All images of the sectors [from, to) that subsets and orders of the pieces leave.
  std::set<Image> land(std::size_t from, std::size_t to) {
    std::vector<std::size_t> pieces;
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      if (pieces_[i].at < to && pieces_[i].at + pieces_[i].count > from) {
        pieces.push_back(i);
      }
    }
    // Which pieces have had their turn, and what they left, as one key.
    std::unordered_set<std::string> seen;
    std::set<Image> images;
    auto go = [&](auto& self, std::uint64_t rest, const Image& image) -> void {
      if (too_many_ || !seen.insert(std::to_string(rest) + ":" + image).second) {
        return;
      }
      too_many_ = seen.size() > kMostSteps || images.size() > kMostStates;
      if (rest == 0) {
        images.insert(image);
        return;
      }
      for (std::size_t i = 0; i < pieces.size(); ++i) {
        const Piece& piece = pieces_[pieces[i]];
        bool next = (rest >> i & 1) != 0;
        for (std::size_t j = 0; j < pieces.size(); ++j) {
          next = next && ((rest >> j & 1) == 0 || !before(pieces_[pieces[j]], piece));
        }
        if (!next) {
          continue;
        }
        const std::uint64_t left = rest & ~(std::uint64_t{1} << i);
        if (!piece.durable) {
          self(self, left, image);
        }
        Image landed = image;
        for (std::size_t s = std::max(piece.at, from);
             s < std::min(piece.at + piece.count, to); ++s) {
          landed[s - from] = static_cast<char>(pieces[i] + 1);
        }
        self(self, left, landed);
      }
    };
    go(go, (std::uint64_t{1} << pieces.size()) - 1, Image(to - from, '\0'));
    return images;
  }

  std::optional<ReferenceStates> by_unit() {
    std::set<Image> images = {Image{}};
    ReferenceStates result;
    result.versions = 1;
    for (std::size_t unit = 0; unit < sectors_; unit += model_.atomic_sectors) {
      const std::set<Image> of_unit = land(unit, unit + model_.atomic_sectors);
      result.versions *= of_unit.size();
      if (too_many_ || result.versions > kMostStates) {
        return std::nullopt;
      }
      std::set<Image> longer;
      for (const Image& image : images) {
        for (const Image& tail : of_unit) {
          longer.insert(image + tail);
        }
      }
      images = std::move(longer);
    }
    for (const Image& image : images) {
      result.contents.insert(letters(image));
    }
    return result;
  }

  // What completed, in order of completion.
  ReferenceStates ordered() const {
    std::vector<Piece> landed;
    for (const Piece& piece : pieces_) {
      if (piece.complete < cut_ && history_.events()[piece.complete].status == 0) {
        landed.push_back(piece);
      }
    }
    std::stable_sort(landed.begin(), landed.end(), [](const Piece& a, const Piece& b) {
      return a.complete < b.complete;
    });
    std::string disk(sectors_, '.');
    for (const Piece& piece : landed) {
      disk.replace(piece.at, piece.count, piece.count, piece.letter);
    }
    return {{with_bars(disk)}, 0};
  }

  std::string letters(const Image& image) const {
    std::string disk(sectors_, '.');
    for (std::size_t s = 0; s < sectors_; ++s) {
      if (image[s] != '\0') {
        disk[s] = pieces_[static_cast<std::size_t>(image[s]) - 1].letter;
      }
    }
    return with_bars(disk);
  }

  std::string with_bars(std::string disk) const {
    for (std::size_t d = first_sector_.size(); d-- > 1;) {
      disk.insert(first_sector_[d], "|");
    }
    return disk;
  }

  const History& history_;
  const ReferenceModel& model_;
  std::size_t cut_;
  std::vector<std::size_t> first_sector_;
  std::size_t sectors_ = 0;
  std::vector<Piece> pieces_;
  bool too_many_ = false;
};

}  // namespace

std::optional<ReferenceStates> reference_states(const History& history,
                                                const ReferenceModel& model,
                                                std::size_t cut) {
  return Reference(history, model, cut).states();
}

}  // namespace powercut::test
