// SPDX-License-Identifier: GPL-2.0-only
//
// The fuzz targets, as functions: libFuzzer calls them with its inputs, fuzz_corpus_test
// with the files of corpus/. A broken promise aborts.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace powercut {

// The bytes are a log; see log_fuzz.cc for their framing.
void fuzz_log(std::span<const std::uint8_t> input);

// The bytes drive Format2Writer; what was accepted must be read back.
void fuzz_round_trip(std::span<const std::uint8_t> input);

// A file in memory with a name to open it by; made once, refilled for each input.
class MemoryFile {
 public:
  MemoryFile();
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  const std::filesystem::path& path() const { return path_; }

  void clear();
  void write(std::uint64_t offset_bytes, std::span<const std::byte> bytes);

 private:
  int fd_;
  std::filesystem::path path_;
};

}  // namespace powercut
