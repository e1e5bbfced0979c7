// SPDX-License-Identifier: GPL-2.0-only

#include "device/open_instants.h"

#include "base/ensure.h"
#include "device/running_process.h"

#include <algorithm>
#include <set>
#include <utility>

namespace powercut {

class OpenInstants::Instant {
 public:
  Instant(std::string path, const std::shared_ptr<const BlockSource>& source,
          ServedDisk::Options options)
      : path_(std::move(path)), disk_(source, std::move(options)) {}

  const std::string& path() const { return path_; }

  ServedDisk& disk() { return disk_; }

  void add_handle(pid_t writer) {
    ++handles_;
    threads_.clear();
    std::erase_if(writers_, [](const Writer& each) { return !each.process.runs(); });
    std::optional<RunningProcess> process = RunningProcess::of_thread(writer);
    if (process && find(process->pid()) == writers_.end()) {
      writers_.push_back(Writer{std::move(*process)});
    }
  }

  // Only of who has opened it: what a loop device writes comes from threads of the
  // kernel, which never end.
  void add_write(pid_t thread) {
    if (!threads_.insert(thread).second) {
      return;
    }
    if (const auto writer = find(RunningProcess::process_of(thread));
        writer != writers_.end()) {
      writer->wrote = true;
    }
  }

  // True: it was the last.
  bool remove_handle() { return --handles_ == 0; }

  bool in_use() const { return handles_ > 0; }

  bool wanted() const {
    return std::ranges::any_of(
        writers_, [](const Writer& each) { return each.wrote && each.process.runs(); });
  }

 private:
  struct Writer {
    RunningProcess process;
    bool wrote = false;
  };

  std::vector<Writer>::iterator find(pid_t pid) {
    return std::ranges::find(writers_, pid,
                             [](const Writer& each) { return each.process.pid(); });
  }

  std::string path_;
  ServedDisk disk_;
  std::size_t handles_ = 0;
  std::vector<Writer> writers_;  // who has opened it for writing
  std::set<pid_t> threads_;      // whose writes are in `writers_`
};

ServedDisk& OpenInstants::disk(Instant& instant) {
  return instant.disk();
}

OpenInstants::OpenInstants(const InstantTree& tree, bool read_only)
    : tree_(tree), read_only_(read_only) {}

OpenInstants::~OpenInstants() = default;

void OpenInstants::forget(Kept::iterator kept) {
  const std::string path = (*kept)->path();
  kept_.erase(kept);
  instants_.erase(path);
}

void OpenInstants::forget_ended() {
  for (Kept::iterator kept = kept_.begin(); kept != kept_.end();) {
    const Kept::iterator next = std::next(kept);
    if (!(*kept)->wanted()) {
      forget(kept);
    }
    kept = next;
  }
}

// With mutex_ held: one more handle of a disk that is there, or null.
OpenInstants::Instant* OpenInstants::take(const std::string& path, pid_t writer) {
  forget_ended();
  const auto known = instants_.find(path);
  if (known == instants_.end()) {
    return nullptr;
  }
  Instant* instant = known->second.get();
  std::erase(kept_, instant);
  instant->add_handle(writer);
  return instant;
}

// Two that open one disk at once both make it, and the first to be ready serves both: a
// state that takes long to make must not hold up the others.
Result<OpenInstants::Instant*> OpenInstants::open(const std::string& path, pid_t writer) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (Instant* instant = take(path, writer); instant != nullptr) {
      return instant;
    }
  }
  PC_ASSIGN_OR_RETURN(const std::shared_ptr<const BlockSource> source,
                      tree_.source(path));
  ServedDisk::Options options;
  options.read_only = read_only_;
  std::unique_ptr<Instant> made =
      std::make_unique<Instant>(path, source, std::move(options));
  const std::lock_guard<std::mutex> lock(mutex_);
  if (Instant* instant = take(path, writer); instant != nullptr) {
    return instant;
  }
  made->add_handle(writer);
  return instants_.emplace(path, std::move(made)).first->second.get();
}

void OpenInstants::wrote(Instant& instant, pid_t writer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  instant.add_write(writer);
}

void OpenInstants::close(Instant* instant) {
  const std::lock_guard<std::mutex> lock(mutex_);
  PC_ENSURE(instant->in_use(), "what is closed was open");
  if (instant->remove_handle()) {
    kept_.push_back(instant);
    forget_ended();
    if (kept_.size() > kMostKept) {
      forget(kept_.begin());
    }
  }
}

std::size_t OpenInstants::held() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return instants_.size();
}

}  // namespace powercut
