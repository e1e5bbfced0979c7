// SPDX-License-Identifier: GPL-2.0-only

#include "device/instant_server.h"

#include "device/fuse_session.h"
#include "device/instant_ops.h"

#include <utility>

namespace powercut {

// What is shown, and the mount that shows it, which goes first.
struct InstantServer::Shown {
  Shown(const InstantTree& tree, const Options& options)
      : directory(tree, options.read_only, options.modified_time) {}

  InstantDirectory directory;
  std::unique_ptr<FuseSession> session;
};

InstantServer::InstantServer(std::unique_ptr<Shown> shown) : shown_(std::move(shown)) {}

InstantServer::~InstantServer() = default;

Result<std::unique_ptr<InstantServer>> InstantServer::start(
    const std::filesystem::path& mountpoint, const std::string& run_id,
    const InstantTree& tree, const Options& options) {
  std::unique_ptr<Shown> shown = std::make_unique<Shown>(tree, options);
  FuseSession::Options session;
  session.read_only = options.read_only;
  session.releases_in_order = true;
  session.unmount_patience = options.unmount_patience;
  PC_ASSIGN_OR_RETURN(shown->session,
                      FuseSession::start(mountpoint, run_id, instant_operations(),
                                         &shown->directory, session));
  return std::unique_ptr<InstantServer>(new InstantServer(std::move(shown)));
}

void InstantServer::wait_for(int fd) const {
  shown_->session->wait_for(fd);
}

Status InstantServer::stop() {
  return shown_->session->stop();
}

}  // namespace powercut
