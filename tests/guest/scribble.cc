// SPDX-License-Identifier: GPL-2.0-only
//
// scribble DEVICE WRITES: direct writes from a buffer that another thread changes all the
// time, as a program may that is careless with its buffers. Each write is followed by an
// fsync now and then; no two writes overlap.

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: scribble DEVICE WRITES\n");
    return 2;
  }
  constexpr std::size_t kBytes = 65536;
  int fd = ::open(argv[1], O_WRONLY | O_DIRECT);
  void* memory = std::aligned_alloc(4096, kBytes);
  if (fd < 0 || memory == nullptr) {
    std::perror("scribble");
    return 1;
  }
  volatile unsigned char* bytes = static_cast<unsigned char*>(memory);
  std::atomic<bool> stop = false;
  std::thread scribbler([&] {
    for (unsigned char value = 0; !stop; ++value) {
      for (std::size_t i = 0; i < kBytes && !stop; i += 512) {
        bytes[i] = value;
      }
    }
  });
  int status = 0;
  int writes = std::atoi(argv[2]);
  for (int i = 0; i < writes && status == 0; ++i) {
    off_t offset = static_cast<off_t>(i % 100) * static_cast<off_t>(kBytes);
    if (::pwrite(fd, memory, kBytes, offset) != static_cast<ssize_t>(kBytes) ||
        (i % 16 == 0 && ::fsync(fd) != 0)) {
      std::perror("scribble: write");
      status = 1;
    }
  }
  stop = true;
  scribbler.join();
  std::free(memory);
  ::close(fd);
  return status;
}
