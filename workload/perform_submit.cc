// SPDX-License-Identifier: GPL-2.0-only

#include "workload/fill.h"
#include "workload/perform_step.h"

#include <cerrno>
#include <memory>
#include <span>
#include <utility>

namespace powercut {

int do_submit(PerformStep& step) {
  const Operation& operation = step.operation;
  std::shared_ptr<const OpenHandle> handle =
      step.files.find(step.scope, operation.handle);
  if (!handle) {
    return EBADF;
  }
  AlignedBytes data = make_aligned(operation.length_bytes);
  if (!data) {
    return ENOMEM;
  }
  fill_stamped(step.number, operation.offset_bytes,
               std::span(data.get(), operation.length_bytes));
  return step.submitted.submit(step.scope, operation.text, std::move(handle),
                               std::move(data), operation.offset_bytes,
                               operation.length_bytes);
}

int do_wait(PerformStep& step) {
  return step.submitted.wait(step.scope, step.operation.text);
}

}  // namespace powercut
