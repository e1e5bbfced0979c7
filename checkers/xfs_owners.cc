// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/xfs_owners.h"

#include "checkers/claimed_owners.h"
#include "checkers/owner_tool.h"
#include "checkers/xfs_files.h"
#include "checkers/xfs_groups.h"
#include "checkers/xfs_layout.h"

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <utility>

namespace powercut {

namespace {

// Inodes that no name leads to, by the field of the superblock that tells them.
struct Role {
  const char* field;
  const char* name;
};

constexpr std::array<Role, 5> kRoles = {{{"rbmino", "realtime bitmap"},
                                         {"rsumino", "realtime summary"},
                                         {"uquotino", "quotas of users"},
                                         {"gquotino", "quotas of groups"},
                                         {"pquotino", "quotas of projects"}}};

constexpr std::size_t kMostInodes = 400'000;  // more than xfs_db is asked

class XfsReader {
 public:
  XfsReader(XfsRun run, std::uint64_t disk_bytes)
      : db_(std::move(run)), disk_bytes_(disk_bytes) {}

  Result<std::unique_ptr<const BlockOwners>> read(XfsLogState log) {
    PC_ASSIGN_OR_RETURN(const auto answers, db_.ask({{{"sb 0"}, 0}}));
    const std::optional<XfsLayout> layout =
        answers[0] ? XfsLayout::of(*answers[0]) : std::nullopt;
    if (!layout) {
      return unknown_owners("xfs_db tells no superblock that makes sense");
    }
    OwnerClaims claims(std::min(layout->end_bytes(), disk_bytes_));
    XfsGroups groups;
    XfsFiles files{{}, InodeNames({0, layout->root}), 0, false};
    const Status status = read_all(*layout, claims, groups, files);
    if (!status && status.error().kind == ErrorKind::kInterrupted) {
      return fail(status.error());
    }
    claim_inodes(*layout, groups, claims);
    claim_files(*layout, *answers[0], files, claims);
    for (const ByteRange& range : groups.reserved) {
      claims.claim(range, "reserved for a copy on write");
    }
    const char* const free =
        log == XfsLogState::kClean ? "free" : "free before the log is replayed";
    for (const ByteRange& range : groups.free) {
      claims.claim(range, free);
    }
    add_notes(*layout, status, log, groups, files, claims);
    return std::move(claims).finish(
        status && log == XfsLogState::kClean
            ? "in use, but nothing readable leads to it"
            : "not known: free, or nothing readable leads to it");
  }

 private:
  Status read_all(const XfsLayout& layout, OwnerClaims& claims, XfsGroups& groups,
                  XfsFiles& files) {
    PC_RETURN_IF_ERROR(read_xfs_groups(db_, layout, claims, groups));
    std::vector<std::uint64_t> numbers;
    for (const XfsInodes& chunk : groups.inodes) {
      for (unsigned i = 0; i < 64; ++i) {
        if ((chunk.used >> i & 1) != 0 && numbers.size() < kMostInodes &&
            layout.inode_at(chunk.first + i)) {
          numbers.push_back(chunk.first + i);
        }
      }
    }
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    return read_xfs_files(db_, layout, numbers, files);
  }

  static void claim_inodes(const XfsLayout& layout, const XfsGroups& groups,
                           OwnerClaims& claims) {
    for (const XfsInodes& chunk : groups.inodes) {
      const auto owner = claims.owner(fmt::format("inodes of AG {}", chunk.group));
      const auto is_there = [&](unsigned i) { return (chunk.there >> i & 1) != 0; };
      for (unsigned i = 0; i < 64;) {
        unsigned end = i + 1;
        while (end < 64 && is_there(end) == is_there(i)) {
          ++end;
        }
        const auto begin = layout.inode_at(chunk.first + i);
        if (is_there(i) && begin) {
          claims.inodes({*begin, *begin + (end - i) * layout.inode_bytes}, owner,
                        static_cast<std::uint32_t>(layout.inode_bytes), chunk.first + i);
        }
        i = end;
      }
    }
  }

  static void claim_files(const XfsLayout& layout, const XfsPrint& superblock,
                          const XfsFiles& files, OwnerClaims& claims) {
    std::map<std::uint64_t, std::string> roles;
    for (const Role& role : kRoles) {
      const std::uint64_t number = superblock.number_or(role.field, 0);
      if (number != 0) {
        roles.try_emplace(number, role.name);
      }
    }
    for (const auto& [number, inode] : files.inodes) {
      const auto role = roles.find(number);
      const bool is_file = S_ISREG(inode.mode) && role == roles.end();
      const std::string text = role != roles.end()
                                   ? role->second
                                   : files.names.text_of({0, number}, inode.mode);
      const OwnerClaims::Owner owner = claims.owner(text);
      claims.name_inode(number, owner);
      for (const XfsExtent& extent : inode.extents) {
        const ByteRange place = *layout.blocks_at(extent.block, extent.count);
        if (extent.kind == XfsExtent::Kind::kMap) {
          claims.claim(place, "extent map of " + text);
        } else if (extent.kind == XfsExtent::Kind::kAttributes) {
          claims.claim(place, "extended attributes of " + text);
        } else {
          claims.claim(place, owner,
                       is_file ? std::optional(extent.in_file * layout.block_bytes)
                               : std::nullopt);
        }
      }
      if (inode.realtime) {
        claims.note("what realtime files of XFS hold is on another device");
      }
    }
  }

  static void add_notes(const XfsLayout& layout, const Status& status, XfsLogState log,
                        const XfsGroups& groups, const XfsFiles& files,
                        OwnerClaims& claims) {
    if (log == XfsLogState::kDirty) {
      claims.note(
          "the log of XFS is not clean, and only a kernel can replay it: what lies where "
          "is told as it is without");
    } else if (log == XfsLogState::kNotKnown) {
      claims.note(
          layout.log_start == 0
              ? "the log of XFS is on another device: what lies where is told "
                "without it"
              : "whether the log of XFS is clean is not known: what lies where is "
                "told without it");
    }
    if (!status) {
      claims.note("what lies where is not told of all of XFS: " + status.error().message);
    }
    const std::size_t unread = groups.unread + files.unread;
    if (unread != 0) {
      claims.note(fmt::format("xfs_db could not read {} structures of XFS", unread));
    }
    if (files.names_left_out) {
      claims.note("XFS has more names than are kept here");
    }
  }

  XfsDb db_;
  std::uint64_t disk_bytes_;
};

}  // namespace

XfsLogState parse_xfs_log_state(std::string_view output) {
  const bool clean = output.find(" state: <CLEAN>") != std::string_view::npos;
  const bool dirty = output.find(" state: <DIRTY>") != std::string_view::npos;
  if (clean == dirty) {
    return XfsLogState::kNotKnown;
  }
  return clean ? XfsLogState::kClean : XfsLogState::kDirty;
}

Result<std::unique_ptr<const BlockOwners>> read_xfs_owners(
    const std::filesystem::path& image, std::uint64_t disk_bytes) {
  PC_ASSIGN_OR_RETURN(XfsRun run, run_xfs_db(image));
  XfsLogState log = XfsLogState::kNotKnown;
  if (find_owner_tool("xfs_logprint", "xfsprogs")) {
    const Result<OwnerToolRun> printed =
        run_owner_tool({"xfs_logprint", "-t", image.string()}, image.parent_path());
    if (printed) {
      log = parse_xfs_log_state(printed->output);
    } else if (printed.error().kind == ErrorKind::kInterrupted) {
      return fail(printed.error());
    }
  }
  return read_xfs_owners(std::move(run), disk_bytes, log);
}

Result<std::unique_ptr<const BlockOwners>> read_xfs_owners(XfsRun run,
                                                           std::uint64_t disk_bytes,
                                                           XfsLogState log) {
  return XfsReader(std::move(run), disk_bytes).read(log);
}

}  // namespace powercut
