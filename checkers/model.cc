// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/model.h"

#include "checkers/model_clone.h"
#include "checkers/model_journal.h"
#include "checkers/model_order.h"

#include <fmt/format.h>

#include <utility>

namespace powercut {

Result<std::unique_ptr<Checker>> make_model_checker(const std::string& argument,
                                                    const CheckerOptions& options) {
  if (options.data) {
    return fail(ErrorKind::kUsage, "the checkers of models have no files to read",
                "leave out --data: they judge all data anyway");
  }
  if (argument == "clone") {
    return make_clone_checker(options);
  }
  if (argument == "journal") {
    return make_journal_checker(options);
  }
  if (argument == "order") {
    return make_order_checker(options);
  }
  return fail(ErrorKind::kUsage, fmt::format("there is no model '{}'", argument),
              "models are clone, journal and order: --checker model:clone");
}

Status check_model_disks(const Subject& subject, const std::string& model,
                         const std::vector<std::uint64_t>& size_bytes) {
  bool same = subject.disks.size() == size_bytes.size();
  for (std::size_t d = 0; same && d < size_bytes.size(); ++d) {
    same = subject.size_bytes(d) == size_bytes[d];
  }
  if (same) {
    return {};
  }
  const bool one = size_bytes.size() == 1;
  std::string hint = fmt::format("it is for logs of `powercut model {}`", model);
  if (one) {
    hint += fmt::format("; of one in format 1, --size {} tells the size", size_bytes[0]);
  }
  return fail(
      ErrorKind::kUsage,
      fmt::format("the checker model:{} looks at {} of {} bytes, and the log has others",
                  model, one ? "one device" : "devices", fmt::join(size_bytes, " and ")),
      std::move(hint));
}

Verdict model_finding(std::string key, std::string summary, bool blinding) {
  Verdict verdict;
  verdict.kind = Verdict::Kind::kFindings;
  verdict.findings.push_back({std::move(key), std::move(summary), blinding});
  return verdict;
}

}  // namespace powercut
