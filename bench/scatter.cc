// SPDX-License-Identifier: GPL-2.0-only
//
// scatter DEVICE WRITES: direct writes of 64 KiB, each from 128 pieces of 512 bytes that
// lie apart in memory; never flushed. What a target keeps of them tells how it packs
// them.

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: scatter DEVICE WRITES\n");
    return 2;
  }
  constexpr std::size_t kPieces = 128;
  constexpr std::size_t kPieceBytes = 512;
  constexpr std::size_t kApart = 4096;
  int fd = ::open(argv[1], O_WRONLY | O_DIRECT);
  char* memory = static_cast<char*>(std::aligned_alloc(kApart, kPieces * kApart));
  if (fd < 0 || memory == nullptr) {
    std::perror("scatter");
    return 1;
  }
  std::array<iovec, kPieces> pieces{};
  for (std::size_t i = 0; i < kPieces; ++i) {
    pieces[i] = iovec{memory + i * kApart, kPieceBytes};
    memory[i * kApart] = static_cast<char>(i);
  }
  const int writes = std::atoi(argv[2]);
  constexpr ssize_t kBytes = kPieces * kPieceBytes;
  for (int i = 0; i < writes; ++i) {
    if (::pwritev(fd, pieces.data(), kPieces, static_cast<off_t>(i) * kBytes) != kBytes) {
      std::perror("scatter: write");
      return 1;
    }
  }
  std::free(memory);
  ::close(fd);
  return 0;
}
