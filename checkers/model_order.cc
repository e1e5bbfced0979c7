// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/model_order.h"

#include "base/stamp.h"
#include "checkers/model.h"
#include "checkers/model_sector.h"

#include <array>
#include <utility>

namespace powercut {

namespace {

constexpr std::uint64_t kSectors = kOrderBlockBytes / kStampBytes;

class OrderChecker : public Checker {
 public:
  std::string name() const override { return "model:order"; }

  Result<Judgement> run(const Subject& subject) const override {
    PC_RETURN_IF_ERROR(
        check_model_disks(subject, "order", {kOrderBlocks * kOrderBlockBytes}));
    std::array<bool, kOrderBlocks> there{};
    for (std::uint64_t block = 0; block < kOrderBlocks; ++block) {
      std::vector<std::byte> bytes(kOrderBlockBytes);
      PC_RETURN_IF_ERROR(subject.read(0, block * kOrderBlockBytes, bytes));
      there.at(block) = bytes == order_data(block);
    }
    Verdict verdict;
    for (const auto& [block, name] : {std::pair(kOrderA, "a"), std::pair(kOrderB, "b")}) {
      if (there[kOrderRecord] && !there.at(block)) {
        verdict.kind = Verdict::Kind::kFindings;
        verdict.findings.push_back({std::string(name) + " is lost",
                                    std::string("the record says that a and b are "
                                                "durable, and block ") +
                                        name + " has not its data",
                                    false});
      }
    }
    return base_only(std::move(verdict));
  }
};

}  // namespace

std::vector<std::byte> order_data(std::uint64_t block) {
  return model_data({ModelSector::Kind::kWrite, block * kSectors, block + 1}, kSectors);
}

Result<std::unique_ptr<Checker>> make_order_checker(const CheckerOptions& /*options*/) {
  return std::unique_ptr<Checker>(std::make_unique<OrderChecker>());
}

}  // namespace powercut
