// SPDX-License-Identifier: GPL-2.0-only
//
// Small logs for tests, described by what they hold.

#pragma once

#include "log/format2_writer.h"
#include "log/log.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

// The raw bytes of a format-1 log, sane or not; it shares no code with Format1Writer.
// Positions are in sectors, text is padded with zeros to whole sectors.
//
//   Format1Builder log(512);
//   log.write(8, "hello").flush().mark("synced").save(path);
class Format1Builder {
 public:
  explicit Format1Builder(std::uint32_t sector_bytes = 512);

  Format1Builder& write(std::uint64_t sector, std::string_view data,
                        std::uint64_t flags = 0);
  Format1Builder& fua(std::uint64_t sector, std::string_view data);
  Format1Builder& meta(std::uint64_t sector, std::string_view data);
  Format1Builder& flush();
  Format1Builder& discard(std::uint64_t sector, std::uint64_t nr_sectors);
  Format1Builder& mark(std::string_view text);
  // A header with just these numbers, and nothing behind it; it counts as an entry.
  Format1Builder& raw(std::uint64_t sector, std::uint64_t nr_sectors, std::uint64_t flags,
                      std::uint64_t data_len = 0, std::string_view text = {});
  // Bytes that are no entry.
  Format1Builder& append(std::string_view bytes);
  // What the superblock counts, if not the entries added.
  Format1Builder& count(std::uint64_t nr_entries);

  std::string bytes() const;
  void save(const std::filesystem::path& path) const;

 private:
  std::uint32_t sector_bytes_;
  std::string entries_;
  std::uint64_t entry_count_ = 0;
  std::optional<std::uint64_t> counted_;
};

// A format-2 log, made by Format2Writer when saved; the same calls make the same bytes.
// A call that records an event returns its sequence number.
//
//   Format2Builder log;
//   auto a = log.submit_write(0, 4096, "hello");
//   log.complete(a);
//   auto f = log.flush_begin();
//   log.flush_end(f);
//   log.mark("synced");
//   log.save(path);
class Format2Builder {
 public:
  explicit Format2Builder(std::uint16_t device_count = 1,
                          std::uint64_t device_bytes = 1ULL << 20);

  // What the device table says; change it before save().
  std::vector<Device>& devices() { return options_.devices; }

  Format2Options& options() { return options_; }

  // Padded with zeros to whole sectors of 512 bytes.
  std::uint64_t submit_write(std::uint16_t device, std::uint64_t offset_bytes,
                             std::string_view data, bool fua = false);
  std::uint64_t submit(const Submission& submission, std::string_view data = {});
  std::uint64_t complete(std::uint64_t seq, std::uint32_t status = 0);
  std::uint64_t complete_unstable(std::uint64_t seq, std::string_view data);
  // submit_write() and complete(); returns the submission's number.
  std::uint64_t write(std::uint64_t offset_bytes, std::string_view data,
                      bool fua = false);
  std::uint64_t flush_begin(std::uint16_t device = 0);

  std::uint64_t flush_end(std::uint64_t seq) { return complete(seq); }

  // Both; returns the submission's number.
  std::uint64_t flush(std::uint16_t device = 0);
  std::uint64_t discard(std::uint64_t offset_bytes, std::uint64_t length_bytes);
  std::uint64_t mark(std::string_view text);
  // Ends a segment here.
  void cut_segment();

  // Leaves the log as a killed recorder would.
  void leave_open() { closed_ = false; }

  // Aborts the test on an Error.
  void save(const std::filesystem::path& path) const;

 private:
  using Step = std::function<Status(Format2Writer&)>;

  std::uint64_t add(Step step);

  Format2Options options_;
  std::vector<Step> steps_;
  std::uint64_t next_seq_ = 0;
  bool closed_ = true;
};

// All events of a log, one line each: "3 complete write 0+512 ref 2". Lives on its own.
std::vector<std::string> describe_events(const Log& log);
std::string describe(const Event& event, const Log& log);

// Whole-file helpers; they abort the test on failure.
std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace powercut
