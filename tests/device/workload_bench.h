// SPDX-License-Identifier: GPL-2.0-only
//
// A disk with an ext4 file system, workloads on it, and what became of them.

#pragma once

#include "device/mount_table.h"
#include "scenarios/loop_workload.h"
#include "tests/support/ext4_image.h"
#include "tests/support/memory_sink.h"
#include "tests/support/scratch_dir.h"
#include "workload/fill.h"

#include <fmt/format.h>

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace powercut::test {

inline constexpr std::uint64_t kSize = 64 << 20;
inline constexpr std::chrono::seconds kPatience{20};

inline Operation operation(OpKind kind, const std::string& path = {},
                           std::uint64_t offset = 0, std::uint64_t length = 0) {
  Operation made;
  made.kind = kind;
  made.path = path;
  made.offset_bytes = offset;
  made.length_bytes = length;
  return made;
}

inline Operation sleep_for(std::chrono::milliseconds time) {
  return operation(OpKind::kSleep, {}, 0, static_cast<std::uint64_t>(time.count()));
}

inline Workload five_operations() {
  return {{operation(OpKind::kMkdir, "d"), operation(OpKind::kCreate, "d/f"),
           operation(OpKind::kWrite, "d/f", 0, 10000), operation(OpKind::kFsync, "d/f"),
           operation(OpKind::kFsync, "d")},
          {}};
}

inline std::string stamped(std::uint64_t number, std::uint64_t offset,
                           std::size_t length) {
  std::string bytes(length, '\0');
  fill_stamped(number, offset, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

inline std::string whole_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The workload is borrowed.
inline PerformRequest request_of(std::shared_ptr<const BlockSource> base,
                                 const Workload& workload,
                                 const std::string& file_system = "ext4") {
  PerformRequest request;
  request.base = std::move(base);
  request.file_system = file_system;
  request.workload = &workload;
  request.timeout = kPatience;
  return request;
}

// A sink that keeps marks too, and may refuse one.
class MarkSink final : public EventSink {
 public:
  Result<std::uint64_t> submit(const Submission& submission,
                               std::span<const std::byte> data) override {
    return events.submit(submission, data);
  }

  Status complete(std::uint64_t seq, std::uint32_t status) override {
    return events.complete(seq, status);
  }

  Status mark(std::string_view text) override {
    if (text == refused) {
      return fail(ErrorKind::kSystem, "no room for the mark");
    }
    marks.emplace_back(text);
    return events.mark(text);
  }

  MemorySink events;
  std::vector<std::string> marks;
  std::string refused = "none";
};

// An ext4 file system, and what records workloads on it.
struct WorkloadBench {
  WorkloadBench() {
    run_tool({"mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-E",
              "nodiscard,lazy_itable_init=0,lazy_journal_init=0", scratch / "image",
              "64M"});
    base = source_of(scratch / "image");
    workloads = value_or_throw(LoopWorkloads::start({kSize, 4096}, run));
  }

  Result<LoopWorkloadEnd> perform(const Workload& workload, EventSink& sink,
                                  std::chrono::milliseconds timeout = kPatience,
                                  const std::string& options = "") const {
    PerformRequest request = request_of(base, workload);
    request.mount_options = options;
    request.timeout = timeout;
    return workloads->perform(request, sink);
  }

  std::filesystem::path disk() const { return run.path() / "recorded0" / "disk"; }

  std::filesystem::path loop() const {
    for (const std::filesystem::directory_entry& entry :
         std::filesystem::directory_iterator("/sys/block")) {
      if (loop_backing_file(entry.path().filename()) == disk()) {
        return "/dev" / entry.path().filename();
      }
    }
    return {};
  }

  std::string bytes_of_disk() const {
    std::string bytes(kSize, '\0');
    const Fd fd = value_or_throw(Fd::open(disk(), O_RDONLY));
    value_or_throw(read_fully(fd, std::as_writable_bytes(std::span(bytes)), 0, disk()));
    return bytes;
  }

  // What the disk holds as a file, sound as e2fsck says.
  std::filesystem::path copy_of_disk() const {
    std::ofstream(scratch / "copy", std::ios::binary) << bytes_of_disk();
    run_tool({"e2fsck", "-fn", scratch / "copy"});
    return scratch / "copy";
  }

  std::string content(const std::string& path) const {
    const std::filesystem::path image = copy_of_disk();
    run_tool({"debugfs", "-R",
              fmt::format("dump {} {}", path, (scratch / "out").native()), image});
    return whole_file(scratch / "out");
  }

  std::vector<std::string> names_in_root() const {
    const std::filesystem::path image = copy_of_disk();
    SubprocessOptions tool;
    tool.argv = {"debugfs", "-R", "ls -p /", image};
    const std::string output = value_or_throw(run_subprocess(tool)).output;
    std::vector<std::string> names;
    for (const char* name : {"d", "e", "f"}) {
      if (output.find(fmt::format("/{}/", name)) != std::string::npos) {
        names.emplace_back(name);
      }
    }
    return names;
  }

  ScratchDir scratch;
  RunDir run = value_or_throw(RunDir::create());
  std::shared_ptr<const BlockSource> base;
  std::unique_ptr<LoopWorkloads> workloads;
};

inline bool anything_left(const WorkloadBench& bench) {
  return !bench.loop().empty() ||
         std::ranges::any_of(read_mount_table(), [&](const MountEntry& entry) {
           return entry.target.native().starts_with(bench.run.path().native());
         });
}

}  // namespace powercut::test
