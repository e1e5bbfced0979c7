// SPDX-License-Identifier: GPL-2.0-only
//
// Verifies: a toy format: the first sector has "NOTES" and the number of notes that were
//   made, one a sector behind it; each begins with its own number, as text.
// When: an example for docs/writing-a-checker.md.
// Does NOT verify: what a note says.
// Known false alarms: none.

#include "tests/support/example_checker.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string_view>

namespace powercut::test {

namespace {

constexpr std::size_t kSector = 512;

class NotesChecker : public Checker {
 public:
  std::string name() const override { return "notes"; }

  Result<Judgement> run(const Subject& subject) const override {
    // The base: what is read before begin_probe().
    PC_ASSIGN_OR_RETURN(std::string head, sector(subject, 0));
    constexpr std::string_view kMagic = "NOTES ";
    if (!head.starts_with(kMagic)) {
      Verdict none;
      none.kind = Verdict::Kind::kFindings;
      none.findings.push_back({"no notes", "the disk does not begin with NOTES", true});
      return base_only(std::move(none));
    }
    Judgement judgement = base_only(Verdict{});
    const std::uint64_t count = number(std::string_view(head).substr(kMagic.size()));
    judgement.probes[0].verdict.outcome = std::to_string(count);
    // A probe a note: they do not depend on one another, so their classes add.
    for (std::uint64_t i = 1; i <= count; ++i) {
      subject.begin_probe(i);
      PC_ASSIGN_OR_RETURN(std::string note, sector(subject, i));
      judgement.probes.push_back({fmt::format("note:{}", i), judge_note(note, i)});
    }
    return judgement;
  }

 private:
  static Result<std::string> sector(const Subject& subject, std::uint64_t index) {
    std::string bytes(kSector, '\0');
    PC_RETURN_IF_ERROR(
        subject.read(0, index * kSector, std::as_writable_bytes(std::span(bytes))));
    return bytes;
  }

  static std::uint64_t number(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  static Verdict judge_note(const std::string& note, std::uint64_t index) {
    Verdict verdict;
    if (number(note) != index) {
      verdict.kind = Verdict::Kind::kFindings;
      verdict.findings.push_back({"a note is lost",  // the key has no numbers
                                  fmt::format("note {} is not there", index)});
    }
    return verdict;
  }
};

}  // namespace

std::unique_ptr<Checker> make_notes_checker() {
  return std::make_unique<NotesChecker>();
}

}  // namespace powercut::test
