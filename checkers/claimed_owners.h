// SPDX-License-Identifier: GPL-2.0-only
//
// Block owners of a file system whose places were told one by one, in any order, perhaps
// over each other: by a program that reads the file system, or by its structures.

#pragma once

#include "checkers/block_owner.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace powercut {

// Gathers claims, then finish(). What is claimed twice belongs to the first that did.
// Bounded: claims beyond some millions are dropped, with a note.
class OwnerClaims {
 public:
  using Owner = std::uint32_t;

  // Where the file system ends, which is at most where the disk does.
  explicit OwnerClaims(std::uint64_t end_bytes) : end_bytes_(end_bytes) {}

  // A name of an owner, for several claims. Equal names are one owner.
  Owner owner(const std::string& what);

  // What lies behind the end is left out. `byte_in_file`: of the first byte of `range`.
  void claim(ByteRange range, Owner owner,
             std::optional<std::uint64_t> byte_in_file = std::nullopt);

  void claim(ByteRange range, const std::string& what) { claim(range, owner(what)); }

  // Inodes that lie one behind the other, claimed by `owner`.
  void inodes(ByteRange range, Owner owner, std::uint32_t inode_bytes,
              std::uint64_t first_number);

  void name_inode(std::uint64_t number, Owner owner) { inode_owners_[number] = owner; }

  // A sentence for the user; told once.
  void note(const std::string& text);

  // `rest`: what nobody claimed.
  std::unique_ptr<const BlockOwners> finish(const std::string& rest) &&;

 private:
  friend class ClaimedOwners;

  struct Claim {
    ByteRange range;
    std::uint64_t byte_in_file = 0;  // kNoFile: none
    Owner owner = 0;
  };

  struct Inodes {
    ByteRange range;
    Owner owner = 0;
    std::uint32_t inode_bytes = 0;
    std::uint64_t first_number = 0;
  };

  std::vector<Claim> resolved() const;

  std::uint64_t end_bytes_;
  std::vector<std::string> texts_;
  std::unordered_map<std::string, Owner> known_;
  std::vector<Claim> claims_;
  std::vector<Inodes> inodes_;
  std::map<std::uint64_t, Owner> inode_owners_;
  std::vector<std::string> notes_;
};

// Every owner is "not known: REASON".
std::unique_ptr<const BlockOwners> unknown_owners(const std::string& reason,
                                                  std::vector<std::string> notes = {});

}  // namespace powercut
