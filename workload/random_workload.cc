// SPDX-License-Identifier: GPL-2.0-only
//
// Long random workloads of generate.h: operations are proposed without a thought, and
// those that a model of the names refuses are proposed anew.

#include "base/ensure.h"
#include "base/random.h"
#include "workload/generate.h"
#include "workload/name_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace powercut {

namespace {

constexpr std::uint64_t kBlockBytes = 4096;
constexpr std::uint64_t kLargestFile = 64 * kBlockBytes;
constexpr std::size_t kMostOperations = 100'000;
constexpr std::array<const char*, 4> kDirectories = {"", "A", "B", "A/C"};
constexpr std::array<const char*, 3> kLeaves = {"foo", "bar", "baz"};
constexpr std::array<const char*, 3> kHandles = {"h1", "h2", "h3"};
constexpr std::array<const char*, 2> kAttributes = {"user.u1", "user.u2"};
constexpr std::array<AllocateMode, 5> kModes = {
    AllocateMode::kAllocate, AllocateMode::kKeepSize, AllocateMode::kPunch,
    AllocateMode::kZero, AllocateMode::kZeroKeep};

class Proposer {
 public:
  explicit Proposer(std::uint64_t seed) : random_(seed) {}

  // Each proposal is of this many parts of the sum of all weights.
  struct Kind {
    const char* word;  // of core_operation_words(); null: always there
    unsigned weight;
    Operation (Proposer::*propose)();
  };

  static const std::vector<Kind>& kinds() {
    static const std::vector<Kind> kinds = {
        {"creat", 12, &Proposer::create},
        {"mkdir", 6, &Proposer::mkdir},
        {"write", 14, &Proposer::write},
        {"write", 6, &Proposer::append},
        {"write", 8, &Proposer::write_handle},
        {"mmapwrite", 4, &Proposer::mmap_write},
        {"falloc", 6, &Proposer::allocate},
        {"truncate", 5, &Proposer::truncate},
        {"link", 6, &Proposer::link},
        {"symlink", 2, &Proposer::symlink},
        {"rename", 12, &Proposer::rename},
        {"unlink", 6, &Proposer::unlink},
        {"rmdir", 3, &Proposer::rmdir},
        {"setxattr", 3, &Proposer::set_attribute},
        {"removexattr", 2, &Proposer::remove_attribute},
        {nullptr, 2, &Proposer::chmod},
        {nullptr, 6, &Proposer::open},
        {"dwrite", 2, &Proposer::open_direct},
        {nullptr, 3, &Proposer::close},
        {nullptr, 9, &Proposer::fsync},
        {nullptr, 3, &Proposer::fdatasync},
        {nullptr, 2, &Proposer::fsync_handle},
        {nullptr, 2, &Proposer::sync},
    };
    return kinds;
  }

  // `kinds`: each as often as its weight says.
  Operation propose(const std::vector<const Kind*>& kinds) {
    // An msync() is right behind what it syncs, or it would hardly ever come.
    const bool syncs = last_.kind == OpKind::kMmapWrite && random_.below(2) == 0;
    return syncs ? msync() : (this->*kinds[random_.below(kinds.size())]->propose)();
  }

  // The proposal was taken.
  void took(const Operation& operation) { last_ = operation; }

 private:
  static Operation of(OpKind kind, const std::string& path = "") {
    Operation operation;
    operation.kind = kind;
    operation.path = path;
    return operation;
  }

  std::string directory() { return kDirectories.at(random_.below(kDirectories.size())); }

  std::string below_root() {
    return kDirectories.at(1 + random_.below(kDirectories.size() - 1));
  }

  std::string file() {
    const std::string in = directory();
    const std::string leaf = kLeaves.at(random_.below(kLeaves.size()));
    return in.empty() ? leaf : fmt::format("{}/{}", in, leaf);
  }

  // A directory at times.
  std::string name() {
    const std::string path = random_.below(4) == 0 ? directory() : file();
    return path.empty() ? "/" : path;
  }

  Operation on_range(OpKind kind) {
    Operation operation = of(kind, file());
    const bool whole = random_.below(2) == 0;
    operation.offset_bytes = random_.below(kLargestFile / 2);
    operation.length_bytes = 1 + random_.below(kLargestFile / 8);
    if (whole) {
      operation.offset_bytes -= operation.offset_bytes % kBlockBytes;
      operation.length_bytes = kBlockBytes * (1 + operation.length_bytes / kBlockBytes);
    }
    return operation;
  }

  Operation two(OpKind kind, const std::string& from, const std::string& to) {
    Operation operation = of(kind, from);
    operation.path2 = to;
    return operation;
  }

  Operation create() { return of(OpKind::kCreate, file()); }

  Operation mkdir() { return of(OpKind::kMkdir, below_root()); }

  Operation write() { return on_range(OpKind::kWrite); }

  Operation append() {
    Operation operation = on_range(OpKind::kAppend);
    operation.offset_bytes = 0;
    return operation;
  }

  Operation write_handle() {
    Operation operation = on_range(OpKind::kWrite);
    operation.path.clear();
    operation.handle = kHandles.at(random_.below(kHandles.size()));
    return operation;
  }

  Operation mmap_write() { return on_range(OpKind::kMmapWrite); }

  Operation msync() {
    Operation operation = last_;
    operation.kind = OpKind::kMsync;
    return operation;
  }

  Operation allocate() {
    Operation operation = on_range(OpKind::kAllocate);
    operation.allocate = kModes.at(random_.below(kModes.size()));
    return operation;
  }

  Operation truncate() {
    Operation operation = of(OpKind::kTruncate, file());
    operation.length_bytes = random_.below(4) == 0 ? 0 : random_.below(kLargestFile / 2);
    return operation;
  }

  Operation link() { return two(OpKind::kLink, file(), file()); }

  Operation symlink() {
    Operation operation = of(OpKind::kSymlink, file());
    operation.text = kLeaves.at(random_.below(kLeaves.size()));
    return operation;
  }

  Operation rename() {
    Operation operation = two(OpKind::kRename, name(), name());
    const std::uint64_t mode = random_.below(8);
    operation.rename = mode == 0   ? RenameMode::kExchange
                       : mode == 1 ? RenameMode::kNoReplace
                                   : RenameMode::kReplace;
    return operation;
  }

  Operation unlink() { return of(OpKind::kUnlink, file()); }

  Operation rmdir() { return of(OpKind::kRmdir, below_root()); }

  Operation set_attribute() {
    Operation operation = of(OpKind::kSetXattr, file());
    operation.text = kAttributes.at(random_.below(kAttributes.size()));
    operation.value = fmt::format("val{}", random_.below(100));
    return operation;
  }

  Operation remove_attribute() {
    Operation operation = of(OpKind::kRemoveXattr, file());
    operation.text = kAttributes.at(random_.below(kAttributes.size()));
    return operation;
  }

  Operation chmod() {
    Operation operation = of(OpKind::kChmod, name());
    // Its owner may always read and write, so that nobody's later operation fails.
    operation.mode = 0700 | static_cast<std::uint32_t>(random_.below(0100));
    return operation;
  }

  Operation open() {
    Operation operation = of(OpKind::kOpen, file());
    operation.handle = kHandles.at(random_.below(kHandles.size()));
    operation.flags.create = random_.below(2) == 0;
    operation.flags.truncate = random_.below(6) == 0;
    operation.flags.append = random_.below(4) == 0;
    operation.flags.sync = random_.below(4) == 0;
    operation.flags.dsync = !operation.flags.sync && random_.below(4) == 0;
    return operation;
  }

  Operation open_direct() {
    Operation operation = open();
    operation.flags.append = false;
    operation.flags.direct = true;
    return operation;
  }

  Operation close() {
    Operation operation = of(OpKind::kClose);
    operation.handle = kHandles.at(random_.below(kHandles.size()));
    return operation;
  }

  Operation fsync() { return of(OpKind::kFsync, name()); }

  Operation fdatasync() { return of(OpKind::kFdatasync, file()); }

  Operation fsync_handle() {
    Operation operation = close();
    operation.kind = random_.below(2) == 0 ? OpKind::kFsync : OpKind::kFdatasync;
    return operation;
  }

  Operation sync() { return of(OpKind::kSync); }

  Random random_;
  Operation last_;
};

bool holds(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// The kinds that the options leave, each as often as its weight says.
std::vector<const Proposer::Kind*> kinds_of(const GenerateOptions& options) {
  std::vector<const Proposer::Kind*> all;
  for (const Proposer::Kind& kind : Proposer::kinds()) {
    const bool left = kind.word == nullptr ||
                      ((options.only.empty() || holds(options.only, kind.word)) &&
                       !holds(options.without, kind.word));
    all.insert(all.end(), left ? kind.weight : 0, &kind);
  }
  return all;
}

}  // namespace

Result<Workload> random_workload(const GenerateOptions& options, std::uint64_t seed,
                                 std::size_t operations) {
  if (operations == 0 || operations > kMostOperations) {
    return fail(ErrorKind::kUsage,
                fmt::format("a random workload of {} operations", operations),
                fmt::format("1 to {}", kMostOperations));
  }
  PC_ASSIGN_OR_RETURN(
      const std::vector<CoreOperation> known,
      core_operations(NameSet(options.nested), options.only, options.without));
  PC_ENSURE(!known.empty(), "words that leave something");
  const std::vector<const Proposer::Kind*> kinds = kinds_of(options);
  Proposer proposer(seed);
  NameModel model;
  std::map<std::string, OpenFlags> flags;
  Workload workload;
  while (workload.operations.size() < operations) {
    Operation operation = proposer.propose(kinds);
    if (!model.apply(operation)) {
      continue;
    }
    proposer.took(operation);
    if (operation.kind == OpKind::kOpen) {
      flags[operation.handle] = operation.flags;
    } else if (operation.kind == OpKind::kWrite && !operation.handle.empty()) {
      operation.flags = flags[operation.handle];
    }
    workload.operations.push_back(operation);
  }
  return workload;
}

}  // namespace powercut
