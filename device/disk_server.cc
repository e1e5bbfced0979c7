// SPDX-License-Identifier: GPL-2.0-only

#include "device/disk_server.h"

#include "base/ensure.h"
#include "device/fuse_ops.h"
#include "device/fuse_session.h"

#include <utility>

namespace powercut {

// What is shown, and the mount that shows it, which goes first.
struct DiskServer::Shown {
  FuseDirectory directory;
  std::vector<std::filesystem::path> paths;
  std::unique_ptr<FuseSession> session;
};

DiskServer::DiskServer(std::unique_ptr<Shown> shown) : shown_(std::move(shown)) {}

DiskServer::~DiskServer() = default;

Result<std::unique_ptr<DiskServer>> DiskServer::start(
    const std::filesystem::path& mountpoint, const std::string& run_id,
    std::vector<DiskFile> files, const Options& options) {
  std::unique_ptr<Shown> shown = std::make_unique<Shown>();
  for (const DiskFile& file : files) {
    PC_ENSURE(file.disk != nullptr, "a file of a server needs its disk");
    shown->paths.push_back(mountpoint / file.name);
  }
  shown->directory = FuseDirectory{std::move(files), options.read_only};
  FuseSession::Options session;
  session.threads = options.threads;
  session.allow_other = options.allow_other;
  session.read_only = options.read_only;
  session.unmount_patience = options.unmount_patience;
  PC_ASSIGN_OR_RETURN(shown->session,
                      FuseSession::start(mountpoint, run_id, disk_operations(),
                                         &shown->directory, session));
  return std::unique_ptr<DiskServer>(new DiskServer(std::move(shown)));
}

const std::filesystem::path& DiskServer::path(std::size_t index) const {
  return shown_->paths.at(index);
}

void DiskServer::notify_resized(std::size_t index) {
  shown_->session->notify_resized(inode_of_file(index));
}

Status DiskServer::stop() {
  return shown_->session->stop();
}

}  // namespace powercut
