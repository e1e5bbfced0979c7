// SPDX-License-Identifier: GPL-2.0-only

#include "tests/support/log_builder.h"

#include "base/ensure.h"
#include "kernel/log-writes/log_format.h"
#include "log/wire.h"

#include <fmt/format.h>

#include <xxhash.h>

#include <fstream>
#include <iterator>
#include <utility>

namespace powercut {

namespace {

std::string padded(std::string_view data, std::uint64_t unit) {
  std::string out(data);
  out.resize(round_up(out.size(), unit));
  return out;
}

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out.push_back(static_cast<char>(value >> (8 * i)));
  }
}

std::span<const std::byte> as_data(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string flags_of(const Event& event) {
  std::string flags;
  flags += event.fua ? " fua" : "";
  flags += event.meta ? " meta" : "";
  flags += event.sync ? " sync" : "";
  flags += event.nounmap ? " nounmap" : "";
  flags += event.secure ? " secure" : "";
  flags += event.unstable ? " unstable" : "";
  return flags;
}

}  // namespace

Format1Builder::Format1Builder(std::uint32_t sector_bytes)
    : sector_bytes_(sector_bytes) {}

Format1Builder& Format1Builder::write(std::uint64_t sector, std::string_view data,
                                      std::uint64_t flags) {
  const std::string payload = padded(data, sector_bytes_);
  raw(sector, payload.size() / sector_bytes_, flags);
  return append(payload);
}

Format1Builder& Format1Builder::fua(std::uint64_t sector, std::string_view data) {
  return write(sector, data, PC_LOG1_FUA);
}

Format1Builder& Format1Builder::meta(std::uint64_t sector, std::string_view data) {
  return write(sector, data, PC_LOG1_METADATA);
}

Format1Builder& Format1Builder::flush() {
  return raw(0, 0, PC_LOG1_FLUSH);
}

Format1Builder& Format1Builder::discard(std::uint64_t sector, std::uint64_t nr_sectors) {
  return raw(sector, nr_sectors, PC_LOG1_DISCARD);
}

Format1Builder& Format1Builder::mark(std::string_view text) {
  return raw(0, 0, PC_LOG1_MARK, text.size(), text);
}

Format1Builder& Format1Builder::raw(std::uint64_t sector, std::uint64_t nr_sectors,
                                    std::uint64_t flags, std::uint64_t data_len,
                                    std::string_view text) {
  std::string header;
  put(header, sector, 8);
  put(header, nr_sectors, 8);
  put(header, flags, 8);
  put(header, data_len, 8);
  header += text;
  header.resize(sector_bytes_);
  entries_ += header;
  ++entry_count_;
  return *this;
}

Format1Builder& Format1Builder::append(std::string_view bytes) {
  entries_ += bytes;
  return *this;
}

Format1Builder& Format1Builder::count(std::uint64_t nr_entries) {
  counted_ = nr_entries;
  return *this;
}

std::string Format1Builder::bytes() const {
  std::string super;
  put(super, PC_LOG1_MAGIC, 8);
  put(super, PC_LOG1_VERSION, 8);
  put(super, counted_.value_or(entry_count_), 8);
  put(super, sector_bytes_, 4);
  super.resize(std::max<std::size_t>(sector_bytes_, sizeof(pc_log1_super)));
  return super + entries_;
}

void Format1Builder::save(const std::filesystem::path& path) const {
  write_file(path, bytes());
}

Format2Builder::Format2Builder(std::uint16_t device_count, std::uint64_t device_bytes) {
  for (std::uint16_t i = 0; i < device_count; ++i) {
    Device device;
    device.name = fmt::format("disk{}", i);
    device.size_bytes = device_bytes;
    device.domain = i;
    device.discard = true;
    device.write_zeroes = true;
    options_.devices.push_back(device);
  }
  options_.block_bytes = kMinBlockBytes;
  options_.uuid = LogUuid{'t', 'e', 's', 't'};
  options_.record_times = false;
}

std::uint64_t Format2Builder::add(Step step) {
  steps_.push_back(std::move(step));
  return next_seq_++;
}

std::uint64_t Format2Builder::submit_write(std::uint16_t device,
                                           std::uint64_t offset_bytes,
                                           std::string_view data, bool fua) {
  const std::string payload = padded(data, kMinBlockBytes);
  Submission submission;
  submission.device = device;
  submission.fua = fua;
  submission.offset_bytes = offset_bytes;
  submission.length_bytes = payload.size();
  return submit(submission, payload);
}

std::uint64_t Format2Builder::submit(const Submission& submission,
                                     std::string_view data) {
  return add([submission, payload = std::string(data)](Format2Writer& writer) {
    const auto seq = writer.submit(submission, as_data(payload));
    return seq ? Status{} : Status{tl::unexpect, seq.error()};
  });
}

std::uint64_t Format2Builder::complete(std::uint64_t seq, std::uint32_t status) {
  return add(
      [seq, status](Format2Writer& writer) { return writer.complete(seq, status); });
}

std::uint64_t Format2Builder::complete_unstable(std::uint64_t seq,
                                                std::string_view data) {
  return add([seq, payload = padded(data, kMinBlockBytes)](Format2Writer& writer) {
    return writer.complete_unstable(seq, as_data(payload));
  });
}

std::uint64_t Format2Builder::write(std::uint64_t offset_bytes, std::string_view data,
                                    bool fua) {
  const std::uint64_t seq = submit_write(0, offset_bytes, data, fua);
  complete(seq);
  return seq;
}

std::uint64_t Format2Builder::flush_begin(std::uint16_t device) {
  Submission submission;
  submission.device = device;
  submission.op = Op::kFlush;
  return submit(submission);
}

std::uint64_t Format2Builder::flush(std::uint16_t device) {
  const std::uint64_t seq = flush_begin(device);
  flush_end(seq);
  return seq;
}

std::uint64_t Format2Builder::discard(std::uint64_t offset_bytes,
                                      std::uint64_t length_bytes) {
  Submission submission;
  submission.op = Op::kDiscard;
  submission.offset_bytes = offset_bytes;
  submission.length_bytes = length_bytes;
  const std::uint64_t seq = submit(submission);
  complete(seq);
  return seq;
}

std::uint64_t Format2Builder::mark(std::string_view text) {
  return add(
      [text = std::string(text)](Format2Writer& writer) { return writer.mark(text); });
}

void Format2Builder::cut_segment() {
  steps_.push_back([](Format2Writer& writer) { return writer.sync(); });
}

void Format2Builder::save(const std::filesystem::path& path) const {
  auto writer = value_or_throw(Format2Writer::create(path, options_));
  for (const Step& step : steps_) {
    value_or_throw(step(*writer));
  }
  if (closed_) {
    value_or_throw(writer->close());
  }
}

std::string describe(const Event& event, const Log& log) {
  if (event.type == EventType::kMark) {
    return fmt::format("{} mark {}", event.seq, event.text);
  }
  const char* type = event.type == EventType::kSubmit     ? "submit"
                     : event.type == EventType::kComplete ? "complete"
                                                          : "read";
  std::string line =
      fmt::format("{} {} {}{}", event.seq, type, to_string(event.op), flags_of(event));
  line += fmt::format(" {}+{}", event.offset_bytes, event.length_bytes);
  line += event.device != 0 ? fmt::format(" device {}", event.device) : "";
  line += event.status != 0 ? fmt::format(" status {}", event.status) : "";
  if (event.type == EventType::kComplete) {
    line += fmt::format(" ref {}", event.ref_seq);
  }
  if (event.data_bytes > 0) {
    const auto data = log.bytes(event.data_pos, event.data_bytes);
    line += fmt::format(" data {:016x}", XXH3_64bits(data.data(), data.size()));
  }
  return line;
}

std::vector<std::string> describe_events(const Log& log) {
  std::vector<std::string> lines;
  log.visit([&](const Event& event) {
    lines.push_back(describe(event, log));
    return Visit::kContinue;
  });
  return lines;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  PC_ENSURE(in.good(), "cannot read a test's file");
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  PC_ENSURE(out.good(), "cannot write a test's file");
}

}  // namespace powercut
