// SPDX-License-Identifier: GPL-2.0-only
//
// The checkers of models on disks that a test has made: each complaint fires, and is
// silent where it should be. What they say of logs is in tests/unit/scenarios.

#include "checkers/model.h"

#include "checkers/model_clone_format.h"
#include "checkers/model_journal_format.h"
#include "checkers/model_order.h"
#include "checkers/model_sector.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>

namespace powercut {
namespace {

using Bytes = std::vector<std::byte>;
using Kind = ModelSector::Kind;

// Disks in memory.
struct Disks {
  explicit Disks(const std::vector<std::uint64_t>& sizes) {
    for (const std::uint64_t size : sizes) {
      bytes.emplace_back(size);
    }
  }

  void write(std::size_t disk, std::uint64_t offset, const Bytes& data) {
    std::copy(data.begin(), data.end(),
              bytes.at(disk).begin() + static_cast<std::ptrdiff_t>(offset));
  }

  Result<Judgement> run(const std::string& model, bool observe = false) {
    CheckerOptions options;
    options.observe = observe;
    Subject subject;
    subject.disks.resize(bytes.size());
    subject.begin_probe = [](std::size_t /*probe*/) {};
    subject.size_bytes = [this](std::size_t disk) { return bytes.at(disk).size(); };
    subject.read = [this](std::size_t disk, std::uint64_t offset,
                          std::span<std::byte> out) -> Status {
      std::memcpy(out.data(), bytes.at(disk).data() + offset, out.size());
      return {};
    };
    return value_or_throw(make_model_checker(model, options))->run(subject);
  }

  // All findings' texts, with a newline each.
  std::string findings(const std::string& model) {
    std::string text;
    for (const Judgement::Probe& probe : value_or_throw(run(model)).probes) {
      for (const Finding& finding : probe.verdict.findings) {
        text += finding.summary + "\n";
      }
    }
    return text;
  }

  std::vector<Bytes> bytes;
};

constexpr std::uint64_t kBlockSectors = 8;

Bytes write_data(std::uint64_t block, std::uint64_t number) {
  return model_data({Kind::kWrite, block * kBlockSectors, number}, kBlockSectors);
}

// A clone whose regions 2 and 3 are valid, and hold what the source has.
Disks clone_disks() {
  Disks disks({kCloneMetaBytes, kCloneDestBytes});
  disks.write(kCloneDest, 0, model_data({Kind::kPoison, 0, 0}, kCloneDestBytes / 512));
  CloneBitmap valid(kCloneRegions);
  valid[2] = valid[3] = true;
  const Bytes bitmap = encode_clone_bitmap(valid);
  CloneSuper super;
  super.transaction = 7;
  super.copy = 1;
  super.bitmap_sum = clone_bitmap_sum(bitmap);
  disks.write(kCloneMeta, 0, encode_clone_super(super));
  disks.write(kCloneMeta, clone_bitmap_offset(1), bitmap);
  disks.write(kCloneDest, 2 * kCloneRegionBytes,
              model_data({Kind::kSource, 4 * kBlockSectors, 0}, 4 * kBlockSectors));
  return disks;
}

TEST_CASE("a valid region holds the source's data, a write or a discard",
          "[checkers][model]") {
  Disks disks = clone_disks();
  CHECK(disks.findings("clone").empty());
  disks.write(kCloneDest, 4 * 4096, write_data(4, 9));
  disks.write(kCloneDest, 6 * 4096, Bytes(4096));
  CHECK(disks.findings("clone").empty());
  disks.write(kCloneDest, 5 * 4096, Bytes(4096));
  CHECK(disks.findings("clone") ==
        "region 2 is valid by transaction 7, and sector 40 of the destination holds "
        "zeros, not the source's data, a write of that sector\n");
}

TEST_CASE("poison, a wrong place and other bytes are found in a valid region",
          "[checkers][model]") {
  const auto finding_with = [](const Bytes& sector) {
    Disks disks = clone_disks();
    disks.write(kCloneDest, 7 * 4096 + 512, sector);
    return disks.findings("clone");
  };
  const std::string where =
      "region 3 is valid by transaction 7, and sector 57 of the destination holds ";
  const std::string what = ", not the source's data, a write of that sector or zeros\n";
  CHECK(finding_with(model_data({Kind::kPoison, 57, 0}, 1)) == where + "poison" + what);
  CHECK(finding_with(model_data({Kind::kWrite, 56, 9}, 1)) ==
        where + "write 9 of sector 56" + what);
  CHECK(finding_with(model_data({Kind::kSource, 58, 0}, 1)) ==
        where + "sector 58 of the source" + what);
  CHECK(finding_with(Bytes(512, std::byte{1})) ==
        where + "bytes that nobody wrote" + what);
}

TEST_CASE("metadata that is not whole is found", "[checkers][model]") {
  Disks disks = clone_disks();
  disks.bytes[kCloneMeta][clone_bitmap_offset(1)] ^= std::byte{1};
  CHECK(disks.findings("clone") ==
        "transaction 7 counts on copy 1 of the bitmap, which is not there\n");
  disks = clone_disks();
  disks.bytes[kCloneMeta][8] ^= std::byte{1};
  const Judgement judgement = value_or_throw(disks.run("clone"));
  CHECK(judgement.probes.at(0).verdict.findings.at(0).blinding);
}

TEST_CASE("a clone claims the writes that are there as a whole", "[checkers][model]") {
  Disks disks = clone_disks();
  disks.write(kCloneDest, 4 * 4096, write_data(4, 9));
  disks.write(kCloneDest, 5 * 4096, model_data({Kind::kWrite, 40, 3}, 1));
  const Judgement judgement = value_or_throw(disks.run("clone", true));
  REQUIRE(judgement.probes.size() == 5);
  using Words = std::vector<std::string>;
  CHECK(judgement.probes[0].verdict.seen->claim_labels ==
        Words{"block 4", "block 5", "block 6", "block 7"});
  CHECK(judgement.probes[0].verdict.seen->claims.empty());
  CHECK(judgement.probes[1].name == "region 2 block 4");
  CHECK(judgement.probes[1].verdict.seen->claims == Words{"block 4: write 9"});
  CHECK(judgement.probes[2].verdict.seen->claims.empty());
}

// After `last` transactions, of which those from `first` on are in the journal alone.
Disks journal_disks(std::uint64_t first, std::uint64_t last) {
  Disks disks({kJournalDiskBytes});
  disks.write(0, 0, encode_journal_mark(JournalMark::kHeader, first));
  for (std::uint64_t home = 0; home < kJournalHomes; ++home) {
    disks.write(0, journal_home_block(home) * 4096,
                journal_data(home, journal_last_writer(home, first - 1)));
  }
  for (std::uint64_t number = first; number <= last; ++number) {
    disks.write(0, journal_commit_block(number) * 4096,
                encode_journal_mark(JournalMark::kCommit, number));
    for (std::uint64_t i = 0; i < kJournalSlotData; ++i) {
      disks.write(0, journal_data_block(number, i) * 4096,
                  journal_data(journal_homes(number).at(i), number));
    }
  }
  return disks;
}

TEST_CASE("a journal is clean after whole transactions, wherever they lie",
          "[checkers][model]") {
  CHECK(journal_disks(1, 0).findings("journal").empty());
  CHECK(journal_disks(1, 4).findings("journal").empty());
  CHECK(journal_disks(5, 7).findings("journal").empty());
  // Half of the next transaction is in its slot, without a commit record.
  Disks disks = journal_disks(5, 6);
  disks.write(0, journal_data_block(7, 0) * 4096, journal_data(journal_homes(7)[0], 7));
  CHECK(disks.findings("journal").empty());
  CHECK(
      value_or_throw(disks.run("journal", true)).probes[0].verdict.seen->claims.size() ==
      6);
}

TEST_CASE("data that is missing behind a commit record is found", "[checkers][model]") {
  Disks disks = journal_disks(5, 7);
  disks.write(0, journal_data_block(7, 1) * 4096, Bytes(4096));
  CHECK(disks.findings("journal") ==
        "transaction 7 is committed, and data block 3 holds zeros where it should hold "
        "write 7 of sector 160\n");
  // Half a block is as bad.
  disks = journal_disks(5, 7);
  disks.write(0, journal_data_block(7, 1) * 4096 + 2048, Bytes(2048));
  CHECK(disks.findings("journal") ==
        "transaction 7 is committed, and data block 3 holds zeros where it should hold "
        "write 7 of sector 164\n");
  // Nor may recovery jump over a transaction, or a place lack what the header says.
  disks = journal_disks(5, 7);
  disks.write(0, journal_home_block(0) * 4096, journal_data(0, 1));
  disks.write(0, journal_commit_block(6) * 4096, Bytes(4096));
  CHECK(disks.findings("journal").find("transaction 5 is committed") == 0);
  disks.write(0, 0, Bytes(4096));
  CHECK(disks.findings("journal") == "block 0 is no header of a journal\n");
}

TEST_CASE("a record without what it tells of is found", "[checkers][model]") {
  Disks disks({kOrderBlocks * kOrderBlockBytes});
  CHECK(disks.findings("order").empty());
  disks.write(0, kOrderA * kOrderBlockBytes, order_data(kOrderA));
  CHECK(disks.findings("order").empty());
  disks.write(0, kOrderRecord * kOrderBlockBytes, order_data(kOrderRecord));
  CHECK(disks.findings("order").find("block b") != std::string::npos);
  disks.write(0, kOrderB * kOrderBlockBytes, order_data(kOrderB));
  CHECK(disks.findings("order").empty());
}

TEST_CASE("the checkers of models refuse other disks, and data", "[checkers][model]") {
  Disks disks({8192});
  for (const char* model : {"clone", "journal", "order"}) {
    const Result<Judgement> refused = disks.run(model);
    REQUIRE(!refused);
    CHECK(refused.error().message.find(std::string("model:") + model) !=
          std::string::npos);
  }
  CheckerOptions data;
  data.data = true;
  CHECK(!make_model_checker("clone", data));
}

}  // namespace
}  // namespace powercut
