// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/model_journal.h"

#include "base/stamp.h"
#include "checkers/model.h"
#include "checkers/model_journal_format.h"
#include "checkers/model_sector.h"

#include <fmt/format.h>

#include <map>
#include <utility>

namespace powercut {

namespace {

// What recovery finds: where each of the six blocks is to be read from.
struct Recovered {
  std::uint64_t last = 0;  // transaction
  std::map<std::uint64_t, std::uint64_t> block_of_home;
};

Result<std::vector<std::byte>> read_block(const Subject& subject, std::uint64_t block) {
  std::vector<std::byte> bytes(kJournalBlockBytes);
  PC_RETURN_IF_ERROR(subject.read(0, block * kJournalBlockBytes, bytes));
  return bytes;
}

// Replays in mind: the committed transactions from the header's on, in their order.
Result<Recovered> replay(const Subject& subject, std::uint64_t first) {
  Recovered recovered;
  recovered.last = first - 1;
  for (std::uint64_t home = 0; home < kJournalHomes; ++home) {
    recovered.block_of_home[home] = journal_home_block(home);
  }
  for (std::uint64_t number = first; number < first + kJournalSlots; ++number) {
    PC_ASSIGN_OR_RETURN(const std::vector<std::byte> record,
                        read_block(subject, journal_commit_block(number)));
    if (decode_journal_mark(JournalMark::kCommit, record) != number) {
      break;
    }
    recovered.last = number;
    for (std::uint64_t i = 0; i < kJournalSlotData; ++i) {
      recovered.block_of_home[journal_homes(number).at(i)] =
          journal_data_block(number, i);
    }
  }
  return recovered;
}

// Empty, or what is wrong with one of the six blocks.
std::string problem_of(std::uint64_t home, std::uint64_t last,
                       std::span<const std::byte> bytes) {
  const std::uint64_t wanted = journal_last_writer(home, last);
  for (std::uint64_t at = 0; at < bytes.size(); at += kStampBytes) {
    const ModelSector held = read_model_sector(bytes.subspan(at, kStampBytes));
    const ModelSector right = {
        ModelSector::Kind::kWrite,
        (journal_home_block(home) * kJournalBlockBytes + at) / kStampBytes, wanted};
    if (held != right) {
      return fmt::format(
          "transaction {} is committed, and data block {} holds {} where "
          "it should hold {}",
          last, home, to_text(held), to_text(right));
    }
  }
  return "";
}

class JournalChecker : public Checker {
 public:
  explicit JournalChecker(const CheckerOptions& options) : observe_(options.observe) {}

  std::string name() const override { return "model:journal"; }

  Result<Judgement> run(const Subject& subject) const override {
    PC_RETURN_IF_ERROR(check_model_disks(subject, "journal", {kJournalDiskBytes}));
    PC_ASSIGN_OR_RETURN(const std::vector<std::byte> head, read_block(subject, 0));
    const std::optional<std::uint64_t> first =
        decode_journal_mark(JournalMark::kHeader, head);
    if (!first || *first == 0) {
      return base_only(
          model_finding("no header", "block 0 is no header of a journal", true));
    }
    PC_ASSIGN_OR_RETURN(const Recovered recovered, replay(subject, *first));
    Verdict verdict;
    for (const auto& [home, block] : recovered.block_of_home) {
      PC_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, read_block(subject, block));
      std::string problem = problem_of(home, recovered.last, bytes);
      if (!problem.empty()) {
        verdict.kind = Verdict::Kind::kFindings;
        verdict.findings.push_back(
            {"a mixture of transactions", std::move(problem), false});
      }
    }
    if (observe_) {
      verdict.seen = claims(recovered.last);
    }
    return base_only(std::move(verdict));
  }

 private:
  static std::shared_ptr<const Observation> claims(std::uint64_t last) {
    Observation seen;
    seen.claims_made = true;
    for (std::uint64_t number = 1; number <= last; ++number) {
      seen.claims.push_back(fmt::format("transaction {}", number));
    }
    return std::make_shared<const Observation>(std::move(seen));
  }

  bool observe_;
};

}  // namespace

Result<std::unique_ptr<Checker>> make_journal_checker(const CheckerOptions& options) {
  return std::unique_ptr<Checker>(std::make_unique<JournalChecker>(options));
}

}  // namespace powercut
