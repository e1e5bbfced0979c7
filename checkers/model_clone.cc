// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/model_clone.h"

#include "base/stamp.h"
#include "checkers/model.h"
#include "checkers/model_clone_format.h"
#include "checkers/model_sector.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace powercut {

namespace {

using Bytes = std::vector<std::byte>;

constexpr std::uint64_t kBlockSectors = kCloneBlockBytes / kStampBytes;

Result<Bytes> read(const Subject& subject, std::size_t disk, std::uint64_t offset_bytes,
                   std::uint64_t length_bytes) {
  Bytes bytes(length_bytes);
  PC_RETURN_IF_ERROR(subject.read(disk, offset_bytes, bytes));
  return bytes;
}

bool may_hold(std::uint64_t region, std::uint64_t sector, const ModelSector& held) {
  switch (held.kind) {
    case ModelSector::Kind::kSource:
    case ModelSector::Kind::kWrite:
      return held.sector == sector;
    case ModelSector::Kind::kZeros:
      return clone_may_discard(region);
    default:
      return false;
  }
}

Verdict judge_block(std::uint64_t block, std::uint64_t transaction,
                    std::span<const std::byte> bytes) {
  const std::uint64_t region = block / kCloneRegionBlocks;
  for (std::uint64_t i = 0; i < kBlockSectors; ++i) {
    const std::uint64_t sector = block * kBlockSectors + i;
    const ModelSector held =
        read_model_sector(bytes.subspan(i * kStampBytes, kStampBytes));
    if (!may_hold(region, sector, held)) {
      const bool poison = held.kind == ModelSector::Kind::kPoison;
      return model_finding(
          fmt::format("a valid region holds {}", poison ? "poison" : "what is not its"),
          fmt::format("region {} is valid by transaction {}, and sector {} of the "
                      "destination holds {}, not the source's data, a write of that "
                      "sector{}",
                      region, transaction, sector, to_text(held),
                      clone_may_discard(region) ? " or zeros" : ""));
    }
  }
  return {};
}

// The number of the user's write that a block holds as a whole.
std::optional<std::uint64_t> write_of(std::span<const std::byte> block) {
  const ModelSector first = read_model_sector(block.first(kStampBytes));
  for (std::uint64_t i = 1; i < kBlockSectors; ++i) {
    const ModelSector other =
        read_model_sector(block.subspan(i * kStampBytes, kStampBytes));
    if (other.kind != first.kind || other.number != first.number) {
      return std::nullopt;
    }
  }
  return first.kind == ModelSector::Kind::kWrite ? std::optional(first.number)
                                                 : std::nullopt;
}

class CloneChecker : public Checker {
 public:
  explicit CloneChecker(const CheckerOptions& options) : observe_(options.observe) {}

  std::string name() const override { return "model:clone"; }

  Result<Judgement> run(const Subject& subject) const override {
    PC_RETURN_IF_ERROR(
        check_model_disks(subject, "clone", {kCloneMetaBytes, kCloneDestBytes}));
    PC_ASSIGN_OR_RETURN(const Bytes head, read(subject, kCloneMeta, 0, kCloneBlockBytes));
    const std::optional<CloneSuper> super = decode_clone_super(head);
    if (!super) {
      return base_only(
          model_finding("no superblock",
                        "block 0 of the metadata is no superblock of a clone, or its "
                        "checksum is wrong",
                        true));
    }
    PC_ASSIGN_OR_RETURN(
        const Bytes bitmap,
        read(subject, kCloneMeta, clone_bitmap_offset(super->copy), kCloneBlockBytes));
    if (clone_bitmap_sum(bitmap) != super->bitmap_sum) {
      return base_only(model_finding(
          "bitmap not that of the superblock",
          fmt::format(
              "transaction {} counts on copy {} of the bitmap, which is not there",
              super->transaction, super->copy)));
    }
    const CloneBitmap valid = decode_clone_bitmap(bitmap);
    Judgement judgement = base_only(Verdict{});
    Observation seen = nothing_claimed();
    for (std::uint64_t block = 0; block < kCloneBlocks; ++block) {
      if (valid[block / kCloneRegionBlocks]) {
        seen.claim_labels.push_back(clone_block_label(block));
        PC_RETURN_IF_ERROR(
            add_probe(subject, block, super->transaction, judgement.probes));
      }
    }
    tell(judgement.probes[0].verdict, std::move(seen));
    return judgement;
  }

 private:
  static Observation nothing_claimed() {
    Observation seen;
    seen.claims_made = true;
    return seen;
  }

  void tell(Verdict& verdict, Observation seen) const {
    if (observe_) {
      verdict.seen = std::make_shared<const Observation>(std::move(seen));
    }
  }

  Status add_probe(const Subject& subject, std::uint64_t block, std::uint64_t transaction,
                   std::vector<Judgement::Probe>& probes) const {
    subject.begin_probe(probes.size());
    PC_ASSIGN_OR_RETURN(
        const Bytes bytes,
        read(subject, kCloneDest, block * kCloneBlockBytes, kCloneBlockBytes));
    Verdict verdict = judge_block(block, transaction, bytes);
    Observation seen = nothing_claimed();
    seen.claim_labels = {clone_block_label(block)};
    if (const std::optional<std::uint64_t> number = write_of(bytes)) {
      seen.claims.push_back(clone_write_name(block, *number));
    }
    tell(verdict, std::move(seen));
    probes.push_back({fmt::format("region {} {}", block / kCloneRegionBlocks,
                                  clone_block_label(block)),
                      std::move(verdict)});
    return {};
  }

  bool observe_;
};

}  // namespace

Result<std::unique_ptr<Checker>> make_clone_checker(const CheckerOptions& options) {
  return std::unique_ptr<Checker>(std::make_unique<CloneChecker>(options));
}

}  // namespace powercut
