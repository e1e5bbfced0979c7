// SPDX-License-Identifier: GPL-2.0-only
//
// Measures opening and visiting a log:  read_log FILE [--no-verify]
// Prints seconds, GiB/s and resident memory as one JSON line.

#include "base/mapped_file.h"
#include "log/log.h"

#include <fmt/format.h>

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string_view>

namespace powercut {

namespace {

double seconds() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int run(const char* path, bool verify) {
  DamageList damage;
  const double begin = seconds();
  auto log = Log::open(path, {.verify_data = verify}, damage);
  if (!log) {
    fmt::print(stderr, "read_log: {}\n", log.error().message);
    return 3;
  }
  const double opened = seconds();
  std::uint64_t events = 0;
  (*log)->visit([&](const Event&) {
    ++events;
    return Visit::kContinue;
  });
  const double visited = seconds();
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const std::uint64_t bytes = value_or_throw(MappedFile::open(path)).size_bytes();
  const double gib = static_cast<double>(bytes) / (1ULL << 30);
  fmt::print(
      "{{\"gib\": {:.3f}, \"events\": {}, \"open_s\": {:.3f}, \"visit_s\": {:.3f}, "
      "\"gib_per_s\": {:.2f}, \"max_rss_kib\": {}, \"sentences\": {}}}\n",
      gib, events, opened - begin, visited - opened, gib / (visited - begin),
      usage.ru_maxrss, damage.sentences().size());
  return 0;
}

}  // namespace

}  // namespace powercut

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "read_log: a log's name is missing\n");
    return 2;
  }
  return powercut::run(argv[1], argc < 3 || std::string_view(argv[2]) != "--no-verify");
}
