// SPDX-License-Identifier: GPL-2.0-only

#include "workload/file_model.h"

#include "workload/model_builder.h"

#include <utility>

namespace powercut {

Result<FileModel> FileModel::build(const Workload& workload,
                                   std::shared_ptr<const BlockSource> disk) {
  return ModelBuilder(workload, std::move(disk)).build();
}

std::string FileModel::path_of(const ModelName& name) const {
  if (name.first == kRootInode) {
    return "/" + name.second;
  }
  return path_of(name.first) + "/" + name.second;
}

std::string FileModel::path_of(InodeId inode) const {
  if (inode == kRootInode) {
    return "/";
  }
  const ModelName* latest = nullptr;
  Step step = 0;
  for (const auto& [name, history] : names_) {
    for (const auto& version : history.versions()) {
      if (version.value == inode && (latest == nullptr || version.step > step)) {
        latest = &name;
        step = version.step;
      }
    }
  }
  return latest == nullptr ? "(a file without a name)" : path_of(*latest);
}

}  // namespace powercut
