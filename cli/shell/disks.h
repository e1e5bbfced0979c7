// SPDX-License-Identifier: GPL-2.0-only
//
// The disks of states as the shell reads them in process: as they lie there, or after
// their journal was replayed; and whose blocks are whose.

#pragma once

#include "checkers/block_owner.h"
#include "checkers/ext2_paths.h"
#include "device/run_dir.h"
#include "replay/crash_state.h"

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace powercut {

// An ext2, ext3 or ext4 of a state, open. Not movable: libext2fs keeps its address.
struct StateFiles {
  explicit StateFiles(std::shared_ptr<const BlockSource> from);
  StateFiles(const StateFiles&) = delete;
  StateFiles& operator=(const StateFiles&) = delete;

  std::shared_ptr<const BlockSource> source;
  Subject subject;
  std::unique_ptr<Ext2Disk> disk;
};

// Keeps the last few disks, for the next question is often about the same one. Throws
// Failure.
class ShellDisks {
 public:
  // Where served disks and other things go that die with us; made when first needed.
  const RunDir& run_dir();

  // After the recovery by the journal if there is one to replay, unless `raw`. kUsage: no
  // ext2, ext3 or ext4.
  std::shared_ptr<const StateFiles> files(const CrashState& state, std::uint16_t device,
                                          bool raw);

  // Of what was complete at `cut`, without a crash. Never null; `note` gets what could
  // not be told, or why the journal is not in it.
  std::shared_ptr<const BlockOwners> owners(
      const std::shared_ptr<const Recording>& recording, Cut cut, std::uint16_t device,
      std::string& note);

 private:
  struct KnownFiles {
    std::string key;
    std::shared_ptr<const StateFiles> files;
  };

  struct KnownOwners {
    std::string key;
    std::shared_ptr<const BlockOwners> owners;
    std::string note;
  };

  std::shared_ptr<const BlockSource> served(
      const std::shared_ptr<const BlockSource>& view,
      const std::function<void(const std::filesystem::path&)>& use);
  std::shared_ptr<const BlockSource> recovered(
      const std::shared_ptr<const BlockSource>& view);
  std::shared_ptr<const BlockOwners> owners_by_program(
      const std::shared_ptr<const BlockSource>& view);

  std::optional<RunDir> run_dir_;
  std::deque<KnownFiles> files_;
  std::deque<KnownOwners> owners_;
  unsigned served_ = 0;
};

}  // namespace powercut
