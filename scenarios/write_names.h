// SPDX-License-Identifier: GPL-2.0-only
//
// What the writes of a recording hold, for people: "inode table of group 0: inode 12
// (file /a/b)", "journal: commit of transaction 7", "file /a/b, byte 8192".
//
// Told by a state in which all that was pending landed: what a write holds is what the
// file system would have had there. Of an inode table those inodes are named that the
// write changed; of a journal its own blocks, and where logged copies belong.

#pragma once

#include "checkers/block_owner.h"
#include "checkers/jbd2_block.h"
#include "replay/crash_state.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace powercut {

// What one write holds.
struct WriteName {
  std::string holds;               // "inode table of group 0: inode 12 (file /a/b)"
  std::vector<std::string> kinds;  // sorted: "directory", "inode table of group #"
};

// Keeps the state's space alive. Not thread-safe.
class WriteNames {
 public:
  // Reads the file systems of the state's devices when they are first asked for.
  explicit WriteNames(CrashState state);
  ~WriteNames();

  // Of all of the write, or of these parts of it (ranges of its device, by place). An
  // Error only if interrupted, or if there is no room for an image.
  Result<WriteName> name(WriteIndex write, const std::vector<ByteRange>& parts = {});

  const std::shared_ptr<const StateSpace>& space() const { return state_.space; }

  // What could not be told; complete after the last question.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  struct OfDevice {
    std::unique_ptr<const BlockOwners> owners;
    std::optional<Jbd2Form> journal;
  };

  Result<const OfDevice*> device(std::uint16_t index);
  std::string holds(const OfDevice& of, const Write& write,
                    const OwnedRange& owned) const;
  std::string changed_inodes(const OfDevice& of, const Write& write,
                             const ByteRange& range) const;
  std::string journal_blocks(const OfDevice& of, const Write& write,
                             const ByteRange& range) const;
  std::string logged_copy(const OfDevice& of, const Write& write, std::uint64_t at) const;

  CrashState state_;
  std::vector<std::optional<OfDevice>> devices_;
  std::vector<std::string> notes_;
};

}  // namespace powercut
