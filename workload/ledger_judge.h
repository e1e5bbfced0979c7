// SPDX-License-Identifier: GPL-2.0-only
//
// One judgement of the ledger at work. Internal to workload/.

#pragma once

#include "base/file_tree.h"
#include "workload/ledger.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

class LedgerJudge {
 public:
  LedgerJudge(const Ledger& ledger, std::size_t stage, const Observation& base);

  std::vector<Finding> judge_names();
  // After judge_names().
  std::vector<Finding> judge_data(const Observation& probe);

 private:
  // An inode that a path may show, and the step of the operation that gave it the name.
  struct Candidate {
    InodeId inode = 0;
    Step bound_at = 0;
  };

  using Lines = std::vector<std::string>;

  void visit(InodeId directory, const std::string& path);
  void visit_directory(const std::vector<Candidate>& candidates, const std::string& path);
  void look_at(const ModelName& name, const FileNode* node);
  void explain_wrong(const ModelName& name, const FileNode& node);
  std::vector<Candidate> candidates_of(const ModelName& name, const FileNode& node) const;
  Lines misfits(const Candidate& candidate, const FileNode& node) const;
  void check_attributes(const Candidate& candidate, const FileNode& node,
                        Lines& lines) const;
  void check_size(const Candidate& candidate, const FileNode& node, Lines& lines) const;
  void check_holes(const Candidate& candidate, const FileNode& node, Lines& lines) const;
  void check_links();
  void check_renames();
  void check_existence();

  Lines data_misfits(const Candidate& candidate, std::uint64_t offset_bytes,
                     std::string_view bytes) const;
  std::string writer_at(const ModelInode& inode, std::uint64_t offset_bytes,
                        Step step) const;
  std::string describe(const Candidate& candidate, std::uint64_t offset_bytes,
                       std::string_view bytes, const Floor& floor) const;
  std::vector<RangeFloor> data_floors(const Candidate& candidate) const;
  Floor size_floor(const Candidate& candidate) const;
  // A rename that put it in the place of another gave it the name, and that promises.
  bool came_by_replacing(const Candidate& candidate) const;

  std::string operation_text(std::size_t operation) const;
  // ", acknowledged by ... [posix]"
  std::string because(const Floor& floor) const;
  void add(std::string text);
  std::uint64_t number_of(InodeId inode) const;  // 0: not told
  bool could_be(InodeId inode, const FileNode& node) const;

  const Ledger& ledger_;
  const Floors& floors_;
  const StepBound& begun_;
  const Observation& base_;
  std::map<std::string, std::vector<const FileNode*>> children_;  // by parent
  std::map<std::string, std::vector<Candidate>> resolved_;        // by path
  std::map<InodeId, std::uint64_t> numbers_;
  std::set<InodeId> reported_;
  std::vector<Finding> findings_;
};

}  // namespace powercut
