// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/models/order.h"

#include "checkers/model_order.h"

namespace powercut {

namespace {

Status run(ModelQueue& queue, const ModelOptions& options) {
  const auto write = [&](std::uint64_t block) {
    return queue.write(0, block * kOrderBlockBytes, order_data(block));
  };
  const ModelQueue::Request a = write(kOrderA);
  const ModelQueue::Request b = write(kOrderB);
  queue.complete(a);
  if (!options.fault) {
    queue.complete(b);
  }
  const ModelQueue::Request flush = queue.flush(0);
  if (options.fault) {
    queue.complete(b);
  }
  queue.complete(flush);
  queue.mark("flushed");
  queue.complete(
      queue.write_fua(0, kOrderRecord * kOrderBlockBytes, order_data(kOrderRecord)));
  return queue.status();
}

}  // namespace

ModelKind order_model() {
  ModelKind kind;
  kind.name = "order";
  kind.description = "two writes, a flush, and a record that counts on it";
  kind.fault = "the second write is in flight when the flush is submitted";
  kind.devices = {model_device("raw", kOrderBlocks * kOrderBlockBytes)};
  kind.run = &run;
  return kind;
}

}  // namespace powercut
