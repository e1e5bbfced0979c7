// SPDX-License-Identifier: GPL-2.0-only
//
// Where on its block device a file's data lies, as FIEMAP tells it: what was allocated
// and written, of one regular file, after its dirty pages were written back.
//
// Offsets are those of the device that is mounted (of the partition, if it is one).
// FIEMAP of btrfs tells addresses of its own, which are looked up in the chunk tree: it
// needs root, and a file system of one device; with copies (DUP) each is an extent.
// Refused is what has no such place: data on a realtime device, of several devices,
// compressed. Not for the data of directories, nor for what lies behind an overlay.

#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace powercut {

struct PlacedExtent {
  std::uint64_t device_offset_bytes = 0;
  std::uint64_t length_bytes = 0;
  std::uint64_t file_offset_bytes = 0;
  bool shared = false;  // with another file, or another place of this one
};

struct PlacedFile {
  std::vector<PlacedExtent> extents;  // in the order of the file
  // What has no place that holds data, a sentence each: preallocated and never written,
  // or kept beside the inode.
  std::vector<std::string> left_out;
};

// `fd` of the file, open for reading; `name` is for messages.
Result<PlacedFile> place_of_file(int fd, const std::filesystem::path& name);

// Writes to the block device where the file's bytes lie, past the file system: what a
// file system does that forgot that others use its blocks too. All copies are written,
// and durable: no fsync of the file would make them so.
// An Error: the range is not all there, or is not made of the device's blocks.
Status write_in_place(int fd, const std::filesystem::path& name,
                      const std::filesystem::path& device, std::uint64_t offset_bytes,
                      std::span<const std::byte> data);

}  // namespace powercut
