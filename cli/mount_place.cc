// SPDX-License-Identifier: GPL-2.0-only

#include "cli/mount_place.h"

#include "cli/guest_arguments.h"
#include "scenarios/guest_mounter.h"
#include "scenarios/here_mounter.h"
#include "scenarios/stack_guest.h"

#include <fmt/format.h>

#include <memory>

namespace powercut {

namespace {

constexpr const char* kMemoryOption = "guest-memory";

using Paths = std::vector<std::filesystem::path>;

}  // namespace

JudgeOptions::MakeMounter mounter_here(std::uint32_t block_bytes, const RunDir& run_dir) {
  return [block_bytes, &run_dir](
             const Paths& disks,
             const std::function<void()>&) -> Result<std::unique_ptr<Mounter>> {
    PC_ASSIGN_OR_RETURN(std::unique_ptr<HereMounter> mounter,
                        HereMounter::create(disks, run_dir, {block_bytes}));
    return std::unique_ptr<Mounter>(std::move(mounter));
  };
}

JudgeOptions::MakeMounter mounter_in_guest(const GuestOptions& guest,
                                           std::uint32_t block_bytes,
                                           const RunDir& run_dir) {
  return [guest, block_bytes, &run_dir](
             const Paths& disks,
             std::function<void()> forget_reads) -> Result<std::unique_ptr<Mounter>> {
    GuestMounterOptions options;
    options.guest = guest;
    options.block_bytes = block_bytes;
    options.on_booted = std::move(forget_reads);
    return std::unique_ptr<Mounter>(
        std::make_unique<GuestMounter>(disks, run_dir, std::move(options)));
  };
}

void add_mount_options(po::options_description& options) {
  options.add_options()(
      "mount", po::value<std::string>()->default_value("guest"),
      "where states are mounted: guest, or here (this kernel: for machines that are "
      "themselves throw-away)")("mount-options", po::value<std::string>(),
                                "as of mount -o, for checkers that mount");
  add_guest_options(options, kMemoryOption);
}

void add_mount_place(const Arguments& arguments, const Checker& checker,
                     const std::optional<Scenario>& scenario, const Recording& recording,
                     const RunDir& run_dir, JudgeOptions& judge) {
  const std::string place = arguments.text("mount");
  const std::uint32_t block_bytes = recording.timeline().devices()[0].logical_block_bytes;
  if (place == "here") {
    judge.make_mounter = mounter_here(block_bytes, run_dir);
    return;
  }
  if (place != "guest") {
    throw Failure(
        Error{ErrorKind::kUsage,
              fmt::format("{} cannot have states mounted in '{}'", checker.name(), place),
              "--mount is guest or here"});
  }
  GuestOptions guest = guest_machine(arguments, kMemoryOption);
  if (scenario && !scenario->disks.empty()) {
    value_or_throw(equip_guest(*scenario, false, guest));
  }
  judge.make_mounter = mounter_in_guest(guest, block_bytes, run_dir);
  judge.pinned = false;  // the work is QEMU's
}

}  // namespace powercut
