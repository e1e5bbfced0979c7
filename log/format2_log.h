// SPDX-License-Identifier: GPL-2.0-only
//
// A format-2 log: a chain of checksummed segments. Opening it walks the chain by the
// headers, checks every event, and keeps one index entry a segment.

#pragma once

#include "base/mapped_file.h"
#include "log/format2_super.h"
#include "log/log.h"
#include "log/segment_index.h"
#include "log/segment_walk.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace powercut {

class Format2Log : public Log {
 public:
  // `name` is what messages call the file.
  static Result<std::unique_ptr<Log>> open(MappedFile file, const std::string& name,
                                           const LogOptions& options, DamageSink& sink);

  LogFormat format() const override { return LogFormat::k2; }

  std::string description() const override;

  const std::vector<Device>& devices() const override { return super_.devices; }

  std::uint64_t entry_count() const override { return index_.end_seq(); }

  LogEnd end() const override { return end_; }

  std::uint64_t end_bytes() const override { return end_bytes_; }

  void visit(const Visitor& visitor) const override { visit_from(0, visitor); }

  void visit_from(std::uint64_t seq, const Visitor& visitor) const override;
  std::span<const std::byte> bytes(std::uint64_t pos,
                                   std::uint64_t length) const override;

  void drop_pages() const override { file_.drop_pages(); }

  std::uint64_t digest() const override;

  const SegmentIndex& index() const { return index_; }

  const Format2Super& super() const { return super_; }

 private:
  Format2Log(MappedFile file, Format2Super super)
      : file_(std::move(file)), super_(std::move(super)) {}

  void check_data(SegmentChain& chain, bool all) const;
  void report_end(const SegmentChain& chain, DamageSink& sink) const;

  MappedFile file_;
  Format2Super super_;
  SegmentIndex index_;
  std::uint64_t end_bytes_ = 0;
  LogEnd end_ = LogEnd::kCut;
};

}  // namespace powercut
