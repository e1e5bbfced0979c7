// SPDX-License-Identifier: GPL-2.0-only

#include "base/image_source.h"

#include "base/ensure.h"

#include <fcntl.h>
#include <xxhash.h>

#include <algorithm>
#include <vector>

namespace powercut {

Result<std::shared_ptr<const ImageSource>> ImageSource::open(
    const std::filesystem::path& path) {
  PC_ASSIGN_OR_RETURN(Fd fd, Fd::open(path, O_RDONLY));
  PC_ASSIGN_OR_RETURN(std::uint64_t size, size_of(fd, path));
  return std::shared_ptr<const ImageSource>(new ImageSource(std::move(fd), size, path));
}

void ImageSource::read(std::uint64_t offset_bytes, std::span<std::byte> out) const {
  std::uint64_t there =
      offset_bytes >= size_bytes_
          ? 0
          : std::min<std::uint64_t>(out.size(), size_bytes_ - offset_bytes);
  if (there > 0) {
    Status status = read_fully(fd_, out.first(there), offset_bytes, path_);
    // A base that cannot be read would make every verdict a lie.
    PC_ENSURE(status.has_value(), "the base image cannot be read any more");
  }
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(there), out.end(), std::byte{0});
}

Result<std::uint64_t> ImageSource::digest() const {
  constexpr std::size_t kChunk = std::size_t{1} << 20;
  std::vector<std::byte> buffer(kChunk);
  XXH3_state_t* state = XXH3_createState();
  XXH3_64bits_reset(state);
  Status status;
  for (std::uint64_t at = 0; at < size_bytes_ && status; at += kChunk) {
    std::span<std::byte> part(buffer.data(),
                              std::min<std::uint64_t>(kChunk, size_bytes_ - at));
    status = read_fully(fd_, part, at, path_);
    XXH3_64bits_update(state, part.data(), part.size());
  }
  std::uint64_t digest = XXH3_64bits_digest(state);
  XXH3_freeState(state);
  PC_RETURN_IF_ERROR(status);
  return digest;
}

}  // namespace powercut
