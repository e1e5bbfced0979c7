// SPDX-License-Identifier: GPL-2.0-only
//
// powercut mount: serves one state as a file, or all instants of a log, until Ctrl-C.

#include "base/print_error.h"
#include "base/signals.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/log_arguments.h"
#include "cli/mount_instants.h"
#include "device/disk_server.h"
#include "device/run_dir.h"
#include "device/served_disk.h"
#include "replay/state_view.h"
#include "replay/where.h"

#include <fmt/format.h>

#include <poll.h>

#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace powercut {

namespace {

CrashState state_by_id(const std::shared_ptr<const Recording>& recording,
                       const Arguments& arguments) {
  const std::string id = arguments.text("state");
  StateIdHead head = value_or_throw(parse_state_head(id, recording->timeline().end()));
  CrashModel model = model_from(arguments, *recording);
  model.atomic_bytes = head.atomic_bytes;
  std::shared_ptr<const Durability> durability = std::make_shared<const Durability>(
      value_or_throw(Durability::build(recording->timeline(), model)));
  std::shared_ptr<const StateSpace> space =
      value_or_throw(StateSpace::build(recording, durability, head.cut));
  return value_or_throw(state_from_id(space, id));
}

CrashState state_by_place(const std::shared_ptr<const Recording>& recording,
                          const Arguments& arguments) {
  const Timeline& timeline = recording->timeline();
  Cut cut = value_or_throw(find_cut(timeline, arguments.text("to")));
  std::set<WriteIndex> without;
  if (arguments.has("without")) {
    for (std::uint64_t seq :
         arguments.values["without"].as<std::vector<std::uint64_t>>()) {
      WriteIndex index = timeline.write_with_seq(seq);
      if (index == kNoWrite || timeline.write(index).complete >= cut) {
        throw Failure(Error{ErrorKind::kUsage,
                            fmt::format("entry {} is no write that was complete at {}",
                                        seq, arguments.text("to")),
                            "`powercut log list LOG` prints the numbers of the writes"});
      }
      for (; index < timeline.writes().size() &&
             timeline.seq_of(timeline.write(index)) == seq;
           ++index) {
        without.insert(index);
      }
    }
  }
  return CrashState{StateSpace::linear(recording, cut, std::move(without)), {}};
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()("to", po::value<std::string>(),
                        "serve all that was complete at: start, end, mark:NAME, flush:N, "
                        "entry:N, seq:N")(
      "without", po::value<std::vector<std::uint64_t>>()->composing(),
      "with --to: as if this write had been lost; may be given more than once")(
      "state", po::value<std::string>(), "serve the state with this id")(
      "read-only", "refuse writes (default: they go to a scratch overlay)");
  add_finding_options(options);
  add_model_options(options);
  add_log_options(options);
  Arguments arguments = parse_arguments(self, options, {"LOG", "DIR..."}, words);
  if (arguments.has("DIR")) {
    return mount_instants(arguments);
  }
  for (const char* name : {"results", "findings"}) {
    if (arguments.has(name)) {
      throw Failure(Error{ErrorKind::kUsage, fmt::format("--{} goes with DIR", name),
                          "powercut mount LOG DIR shows findings below DIR/finding"});
    }
  }
  if (arguments.has("state") == arguments.has("to")) {
    throw Failure(Error{ErrorKind::kUsage, "which state? give one of --to and --state",
                        "or a directory, which shows them all: powercut mount LOG DIR"});
  }
  if (arguments.has("state") && arguments.has("without")) {
    throw Failure(Error{ErrorKind::kUsage, "--without does not go with --state",
                        "a state's id says what is lost in it: put one together with "
                        "`powercut shell` (drop), or give --to"});
  }
  std::shared_ptr<const Recording> recording = open_recording(arguments);
  CrashState state = arguments.has("state") ? state_by_id(recording, arguments)
                                            : state_by_place(recording, arguments);
  RunDir run_dir = value_or_throw(RunDir::create());
  std::vector<std::unique_ptr<ServedDisk>> disks;
  std::vector<DiskFile> files;
  for (std::uint16_t d = 0; d < recording->device_count(); ++d) {
    ServedDisk::Options disk;
    disk.read_only = arguments.has("read-only");
    disks.push_back(std::make_unique<ServedDisk>(
        recording->size_bytes(d), std::make_shared<const StateView>(state, d),
        std::move(disk)));
    files.push_back(DiskFile{fmt::format("disk{}", d), disks.back().get()});
  }
  std::filesystem::path mountpoint = value_or_throw(run_dir.make_directory("disks"));
  DiskServer::Options serve;
  serve.read_only = arguments.has("read-only");
  std::unique_ptr<DiskServer> server =
      value_or_throw(DiskServer::start(mountpoint, run_dir.run_id(), files, serve));
  for (std::size_t d = 0; d < files.size(); ++d) {
    fmt::print("{}\n", server->path(d).string());
  }
  std::fflush(stdout);
  print_error(
      "powercut: serving until Ctrl-C; for example:\n"
      "  debugfs {0}\n  mount -o loop{1} {0} /mnt\n",
      server->path(0).string(), arguments.has("read-only") ? ",ro" : "");
  pollfd poller{interrupt_fd(), POLLIN, 0};
  while (!interrupted()) {
    ::poll(&poller, 1, -1);
  }
  clear_interrupt();
  value_or_throw(server->stop());
  return kExitClean;
}

}  // namespace

extern const Command kMountCommand = {
    "mount",
    "LOG DIR [--results FILE] [--findings FILE] [--read-only]\n"
    "       powercut mount LOG (--to WHERE [--without SEQ]... | --state ID) "
    "[--read-only]",
    "serve the states of a log as files, until Ctrl-C",
    "With DIR, an empty directory, every instant of the log is a file below it: start, "
    "end,\n"
    "flush/N, mark/NAME, finding/ID; and by name, not listed, entry/N, seq/N and "
    "state/ID.\n"
    "Nothing is built before a file is opened. Without DIR one state is served. Several\n"
    "devices are disk0, disk1, ... A file behaves as the disk would after the power "
    "cut.\n"
    "Writes to it go to a scratch overlay of its own, that is forgotten when it is "
    "closed\n"
    "(without DIR: at the end). Prints DIR, or the path of each disk, on stdout when it "
    "is\n"
    "ready. See docs/mount.md.\n\n"
    "examples:\n"
    "  powercut mount run.log /tmp/at        # then: e2fsck -fn /tmp/at/flush/7\n"
    "  powercut mount run.log /tmp/at --findings check.json\n"
    "  powercut mount run.log --to flush:7 --without 412\n"
    "  powercut mount run.log --state c1043.w.all-412\n\n",
    &run};

}  // namespace powercut
