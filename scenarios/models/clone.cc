// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/models/clone.h"

#include "base/stamp.h"
#include "checkers/model_clone_format.h"
#include "checkers/model_sector.h"

#include <numeric>
#include <set>
#include <string>
#include <utility>

namespace powercut {

namespace {

constexpr std::uint64_t kBlockSectors = kCloneBlockBytes / kStampBytes;
constexpr int kSteps = 16;

class CloneModel {
 public:
  CloneModel(ModelQueue& queue, const ModelOptions& options)
      : queue_(queue), options_(options) {}

  Status run() {
    format();
    draw_order();
    for (int step = 0; step < kSteps; ++step) {
      hydrate_next();
      // Commits are near enough to one another for all states of a window to be tried.
      constexpr int kCommitEach = 3;
      if (step % kCommitEach == kCommitEach - 1) {
        commit(queue_.random().below(2) == 0);
      } else {
        user_step();
      }
      // Some requests take longer than others.
      for (std::uint64_t n = queue_.random().below(3); n > 0; --n) {
        queue_.pass_time();
      }
    }
    while (!order_.empty()) {
      hydrate_next();
      hydrate_next();
      queue_.settle();
      commit(false);
    }
    queue_.settle();
    commit(true);
    return queue_.status();
  }

 private:
  using Blocks = std::vector<std::uint64_t>;

  // The destination is full of poison, and no region is valid.
  void format() {
    queue_.wait(queue_.write(
        kCloneDest, 0,
        model_data({ModelSector::Kind::kPoison, 0, 0}, kCloneBlocks * kBlockSectors)));
    queue_.wait(queue_.flush(kCloneDest));
    commit_metadata(valid_);
    queue_.mark("mkfs");
  }

  void draw_order() {
    order_.resize(kCloneRegions);
    std::iota(order_.begin(), order_.end(), std::uint64_t{0});
    for (std::size_t i = order_.size(); i > 1; --i) {
      std::swap(order_[i - 1], order_[queue_.random().below(i)]);
    }
  }

  void user_step() {
    const std::uint64_t block = queue_.random().below(kCloneBlocks);
    const std::uint64_t region = block / kCloneRegionBlocks;
    // Requests for a region that something is being done to wait, as for the kernel's
    // lock.
    while (busy_.contains(region)) {
      queue_.pass_time();
    }
    const std::uint64_t choice = queue_.random().below(3);
    if (choice == 0) {
      clone_may_discard(region) ? discard(region) : write_region(region);
    } else if (choice == 1) {
      write_region(region);
    } else {
      write_block(block);
    }
  }

  // A block's new write has begun; the old one need not be there any more.
  void begin(std::uint64_t block) {
    forget(block);
    writes_[block] = ++last_write_;
    queue_.mark("begin " + name_of(block));
  }

  void forget(std::uint64_t block) {
    written_.erase(block);
    if (writes_[block] != 0) {
      queue_.mark("drop " + name_of(block));
      writes_[block] = 0;
    }
  }

  std::string name_of(std::uint64_t block) const {
    return clone_write_name(block, writes_[block]);
  }

  std::vector<std::byte> data_of(std::uint64_t block) const {
    return model_data({ModelSector::Kind::kWrite, block * kBlockSectors, writes_[block]},
                      kBlockSectors);
  }

  void write_region(std::uint64_t region) {
    std::vector<std::byte> data;
    Blocks blocks;
    for (std::uint64_t i = 0; i < kCloneRegionBlocks; ++i) {
      const std::uint64_t block = region * kCloneRegionBlocks + i;
      begin(block);
      const std::vector<std::byte> one = data_of(block);
      data.insert(data.end(), one.begin(), one.end());
      blocks.push_back(block);
    }
    busy_.insert(region);
    queue_.write(kCloneDest, region * kCloneRegionBytes, std::move(data),
                 [this, region, blocks] { finish(region, blocks); });
  }

  // A region of which only a part is written is copied from the source before.
  void write_block(std::uint64_t block) {
    begin(block);
    const std::uint64_t region = block / kCloneRegionBlocks;
    busy_.insert(region);
    const auto overwrite = [this, region, block] {
      queue_.write(kCloneDest, block * kCloneBlockBytes, data_of(block),
                   [this, region, block] { finish(region, {block}); });
    };
    if (valid_[region]) {
      overwrite();
    } else {
      copy(region, [this, region, overwrite] {
        valid_[region] = true;
        overwrite();
      });
    }
  }

  void discard(std::uint64_t region) {
    for (std::uint64_t i = 0; i < kCloneRegionBlocks; ++i) {
      forget(region * kCloneRegionBlocks + i);
    }
    busy_.insert(region);
    queue_.discard(kCloneDest, region * kCloneRegionBytes, kCloneRegionBytes,
                   [this, region] { finish(region, {}); });
  }

  void copy(std::uint64_t region, ModelQueue::Done done) {
    constexpr std::uint64_t kSectors = kCloneRegionBytes / kStampBytes;
    queue_.write(kCloneDest, region * kCloneRegionBytes,
                 model_data({ModelSector::Kind::kSource, region * kSectors, 0}, kSectors),
                 std::move(done));
  }

  void finish(std::uint64_t region, const Blocks& blocks) {
    valid_[region] = true;
    busy_.erase(region);
    written_.insert(blocks.begin(), blocks.end());
  }

  // Background: copies another region, if there is one that needs it.
  void hydrate_next() {
    while (!order_.empty()) {
      const std::uint64_t region = order_.back();
      order_.pop_back();
      if (!valid_[region] && !busy_.contains(region)) {
        busy_.insert(region);
        copy(region, [this, region] { finish(region, {}); });
        return;
      }
    }
  }

  // Of the timer, or of a flush of the user's, which acknowledges what had completed.
  void commit(bool acknowledge) {
    const CloneBitmap valid = valid_;
    Blocks written;
    std::vector<std::string> names;
    if (acknowledge) {
      for (const std::uint64_t block : std::exchange(written_, {})) {
        names.push_back(name_of(block));
      }
    }
    if (valid == committed_) {
      queue_.wait(queue_.flush(kCloneDest));
    } else if (options_.fault) {
      commit_metadata(valid);
      queue_.wait(queue_.flush(kCloneDest));
    } else {
      queue_.wait(queue_.flush(kCloneDest));
      commit_metadata(valid);
    }
    for (const std::string& name : names) {
      queue_.mark("ack " + name);
    }
  }

  void commit_metadata(const CloneBitmap& valid) {
    super_.copy = 1 - super_.copy;
    ++super_.transaction;
    const std::vector<std::byte> bitmap = encode_clone_bitmap(valid);
    super_.bitmap_sum = clone_bitmap_sum(bitmap);
    queue_.wait(queue_.write(kCloneMeta, clone_bitmap_offset(super_.copy), bitmap));
    queue_.wait(queue_.flush(kCloneMeta));
    queue_.wait(queue_.write_fua(kCloneMeta, 0, encode_clone_super(super_)));
    committed_ = valid;
  }

  ModelQueue& queue_;
  const ModelOptions& options_;
  CloneBitmap valid_ = CloneBitmap(kCloneRegions);
  CloneBitmap committed_;         // what the superblock counts on
  std::set<std::uint64_t> busy_;  // regions
  Blocks order_;                  // of background copies, the next one last
  std::vector<std::uint64_t> writes_ =
      Blocks(kCloneBlocks);  // number of a block's last write
  std::uint64_t last_write_ = 0;
  std::set<std::uint64_t> written_;  // blocks whose last write has completed
  CloneSuper super_;
};

Status run(ModelQueue& queue, const ModelOptions& options) {
  return CloneModel(queue, options).run();
}

}  // namespace

ModelKind clone_model() {
  ModelKind kind;
  kind.name = "clone";
  kind.description = "a clone that is copied in the background, as dm-clone does";
  kind.fault = "it commits its metadata before the destination is flushed";
  kind.devices = {model_device("meta", kCloneMetaBytes),
                  model_device("dest", kCloneDestBytes)};
  kind.run = &run;
  return kind;
}

}  // namespace powercut
