// SPDX-License-Identifier: GPL-2.0-only
//
// Does operations on a FileModel. Internal to workload/.

#pragma once

#include "workload/file_model.h"

namespace powercut {

class ModelBuilder {
 public:
  ModelBuilder(const Workload& workload, std::shared_ptr<const BlockSource> disk);

  Result<FileModel> build();

 private:
  using Handles = std::map<std::string, InodeId>;

  Status apply(const Operation& operation);
  Status apply_name(const Operation& operation);
  Status apply_attribute(const Operation& operation);
  Status apply_data(const Operation& operation);
  Status open(const Operation& operation);
  Status rename(const Operation& operation);
  Status unlink(const Operation& operation, bool directory);
  Status allocate(const Operation& operation);
  Status clone(const Operation& operation);
  Status write(const Operation& operation, std::uint64_t offset_bytes);
  Status use_submitted(const Operation& operation);
  // Nothing may change what a write in flight may still write.
  Status check_in_flight(InodeId inode, std::uint64_t begin, std::uint64_t end) const;

  Result<InodeId> directory_of(const std::string& path, std::string& name);
  enum class Use { kAsOperation, kReads };  // what is done with a file

  Result<InodeId> find(const std::string& path, Use use = Use::kAsOperation);
  Result<InodeId> file_of(const std::string& path, const std::string& handle,
                          Use use = Use::kAsOperation);
  Result<ModelName> free_name(const std::string& path);

  void make_disk(std::shared_ptr<const BlockSource> before);
  InodeId make(InodeType type, std::uint32_t mode);
  void bind(const ModelName& name, std::optional<InodeId> inode);
  std::optional<InodeId> bound(const ModelName& name) const;
  void changed(InodeId inode, bool data);
  void set_size(InodeId inode, std::uint64_t bytes, bool grown);
  Status touch(InodeId inode, Use use);
  Status read(const Operation& operation);
  Status claim(const Operation& operation);
  Status share(InodeId inode, const Operation& operation);
  Status refuse(std::string why) const;

  ModelInode& inode(InodeId id) { return model_.inodes_[id]; }

  ModelTarget& target() { return model_.targets_[at_]; }

  const Workload& workload_;
  FileModel model_;
  Handles handles_;
  std::map<std::string, std::size_t> submitted_;  // the latest of each name
  std::size_t at_ = 0;                            // the operation
  Step step_ = 0;                                 // at_ + 1
  // Which thread of the group at hand touched an inode or a name first.
  std::map<InodeId, std::uint32_t> inode_threads_;
  std::map<ModelName, std::uint32_t> name_threads_;
  // Which threads of it read an inode, and which change it.
  std::map<InodeId, std::set<std::uint32_t>> readers_;
  std::map<InodeId, std::set<std::uint32_t>> changers_;
  std::map<std::string, Step> marks_;  // after the latest mark of each text
};

}  // namespace powercut
