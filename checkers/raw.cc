// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/raw.h"

#include "checkers/outcome.h"
#include "checkers/tool_run.h"

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace powercut {

namespace {

constexpr const char* kPath = "/disk";

class RawChecker : public Checker {
 public:
  explicit RawChecker(std::uint32_t unit_bytes) : unit_bytes_(unit_bytes) {}

  std::string name() const override { return "raw"; }

  Result<Judgement> run(const Subject& subject) const override {
    const std::uint64_t size = subject.size_bytes(0);
    Observation tree;
    tree.files = true;
    FileNode disk;
    disk.path = kPath;
    disk.mode = S_IFREG;
    disk.links = 1;
    disk.size_bytes = size;
    disk.extents = {{0, size, false}};
    tree.tree.push_back(std::move(disk));
    Verdict base;
    base.seen = std::make_shared<const Observation>(std::move(tree));
    Judgement judgement = base_only(std::move(base));
    for (std::uint64_t at = 0; at < size; at += unit_bytes_) {
      subject.begin_probe(judgement.probes.size());
      PC_ASSIGN_OR_RETURN(Judgement::Probe probe, look_at(subject, at, size));
      judgement.probes.push_back(std::move(probe));
    }
    return judgement;
  }

 private:
  Result<Judgement::Probe> look_at(const Subject& subject, std::uint64_t offset_bytes,
                                   std::uint64_t size_bytes) const {
    Observation seen;
    seen.path = kPath;
    seen.offset_bytes = offset_bytes;
    seen.bytes.resize(std::min<std::uint64_t>(unit_bytes_, size_bytes - offset_bytes));
    const std::span<std::byte> bytes = std::as_writable_bytes(std::span(seen.bytes));
    PC_RETURN_IF_ERROR(subject.read(0, offset_bytes, bytes));
    Judgement::Probe probe;
    probe.name = fmt::format("data:{}+{}", kPath, offset_bytes);
    probe.verdict.outcome = outcome_of(bytes);
    probe.verdict.seen = std::make_shared<const Observation>(std::move(seen));
    return probe;
  }

  std::uint32_t unit_bytes_;
};

}  // namespace

Result<std::unique_ptr<Checker>> make_raw_checker(const std::string& argument,
                                                  const CheckerOptions& options) {
  PC_RETURN_IF_ERROR(no_argument("raw", argument));
  if (!options.observe || !options.data) {
    return fail(ErrorKind::kUsage,
                "the checker raw finds nothing by itself: it only shows an oracle what "
                "the disk holds",
                "--scenario names the scenario that was recorded, with a workload on `fs "
                "none`; or 'command:PROG {}' judges the disk");
  }
  PC_RETURN_IF_ERROR(check_unit_bytes(options));
  return std::unique_ptr<Checker>(std::make_unique<RawChecker>(options.unit_bytes));
}

}  // namespace powercut
