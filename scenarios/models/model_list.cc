// SPDX-License-Identifier: GPL-2.0-only

#include "log/format2_writer.h"
#include "scenarios/models/clone.h"
#include "scenarios/models/journal.h"
#include "scenarios/models/model.h"
#include "scenarios/models/order.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace powercut {

std::vector<ModelKind> model_kinds() {
  return {clone_model(), journal_model(), order_model()};
}

Result<ModelKind> find_model(const std::string& name) {
  std::vector<std::string> names;
  std::vector<ModelKind> kinds = model_kinds();
  for (ModelKind& kind : kinds) {
    if (kind.name == name) {
      return std::move(kind);
    }
    names.push_back(kind.name);
  }
  return fail(ErrorKind::kUsage, fmt::format("there is no model '{}'", name),
              fmt::format("models are {}", fmt::join(names, ", ")));
}

Device model_device(const std::string& name, std::uint64_t size_bytes) {
  constexpr std::uint32_t kBlockBytes = 4096;
  Device device;
  device.name = name;
  device.size_bytes = size_bytes;
  device.logical_block_bytes = kBlockBytes;
  device.physical_block_bytes = kBlockBytes;
  device.discard_granularity_bytes = kBlockBytes;
  device.discard = true;
  device.discard_zeroes = true;
  return device;
}

Status record_model(const ModelKind& kind, const ModelOptions& options,
                    const std::filesystem::path& path) {
  if (options.shared_domain && kind.devices.size() == 1) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("the model {} has one device: there is nothing to share", kind.name),
        "leave out --domain");
  }
  if (options.late && !(options.fault && kind.may_be_late)) {
    return fail(ErrorKind::kUsage, fmt::format("the model {} is not late", kind.name),
                "--late is a form of the fault of the model journal: --fault --late");
  }
  Format2Options log;
  log.devices = kind.devices;
  for (std::uint32_t d = 0; d < log.devices.size(); ++d) {
    log.devices[d].domain = options.shared_domain ? 0 : d;
  }
  // The log depends on the options alone.
  log.record_times = false;
  log.uuid = LogUuid{};
  std::copy_n(kind.name.begin(), std::min(kind.name.size(), log.uuid->size()),
              log.uuid->begin());
  PC_ASSIGN_OR_RETURN(const std::unique_ptr<Format2Writer> writer,
                      Format2Writer::create(path, log));
  ModelQueue queue(*writer, options.order, options.seed);
  PC_RETURN_IF_ERROR(kind.run(queue, options));
  return writer->close();
}

}  // namespace powercut
