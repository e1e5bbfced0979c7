// SPDX-License-Identifier: GPL-2.0-only
//
// powercut replay: writes the state at a place of the log into a file or onto a device.

#include "base/fd.h"
#include "base/new_file.h"
#include "base/print_error.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/log_arguments.h"
#include "cli/state_image.h"
#include "replay/state_view.h"
#include "replay/where.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>

namespace powercut {

namespace {

void ask_before_overwriting(const std::filesystem::path& path, bool yes) {
  if (yes) {
    return;
  }
  if (::isatty(STDIN_FILENO) == 0) {
    throw Failure(Error{
        ErrorKind::kUsage,
        fmt::format("{} is a device: all that is on it would be lost", path.string()),
        "say --yes if that is meant"});
  }
  print_error("All that is on {} will be lost. Go on? [y/N] ", path.string());
  int answer = std::getchar();
  if (answer != 'y' && answer != 'Y') {
    throw Failure(Error{ErrorKind::kUsage, "nothing was written", {}});
  }
}

// A device does not begin as zeros: every block is written.
void replay_onto_device(const BlockSource& view, const std::filesystem::path& path) {
  constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;
  Fd fd = value_or_throw(Fd::open(path, O_WRONLY | O_EXCL));
  std::uint64_t size = value_or_throw(size_of(fd, path));
  if (size < view.size_bytes()) {
    throw Failure(Error{ErrorKind::kUsage,
                        fmt::format("{} has {} bytes, the recorded device {}",
                                    path.string(), size, view.size_bytes()),
                        {}});
  }
  std::vector<std::byte> buffer(kPiece);
  for (std::uint64_t at = 0; at < view.size_bytes(); at += kPiece) {
    std::span<std::byte> piece(buffer.data(), std::min(kPiece, view.size_bytes() - at));
    view.read(at, piece);
    value_or_throw(write_fully(fd, piece, at, path));
  }
  if (::fsync(fd.get()) != 0) {
    throw Failure(system_error(fmt::format("cannot write {}", path.string()), errno));
  }
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()("to", po::value<std::string>()->default_value("end"),
                        "mark:NAME, flush:N, entry:N, seq:N, end, start")(
      "output,o", po::value<std::string>(), "file (made sparse) or block device")(
      "device", po::value<std::uint16_t>()->default_value(0),
      "which of the log's devices, from 0")("yes", "overwrite a device without asking");
  add_log_options(options);
  Arguments arguments = parse_arguments(self, options, {"LOG"}, words);
  if (!arguments.has("output")) {
    throw Failure(Error{ErrorKind::kUsage, "where to? --output is missing",
                        "see powercut replay --help"});
  }
  std::shared_ptr<const Recording> recording = open_recording(arguments);
  std::uint16_t device = arguments.values["device"].as<std::uint16_t>();
  if (device >= recording->device_count()) {
    throw Failure(Error{
        ErrorKind::kUsage,
        fmt::format("no device {}: the log has {}", device, recording->device_count()),
        {}});
  }
  Cut cut = value_or_throw(find_cut(recording->timeline(), arguments.text("to")));
  std::shared_ptr<const StateView> view = linear_view(recording, cut, device);
  std::filesystem::path path = arguments.text("output");
  value_or_throw(NewFile::check(path, arguments.text("LOG"), NewFile::Devices::kInPlace));

  struct stat status {};

  if (::stat(path.c_str(), &status) == 0 && S_ISBLK(status.st_mode)) {
    ask_before_overwriting(path, arguments.has("yes"));
    replay_onto_device(*view, path);
  } else {
    write_state_image(*recording, *view, cut, device, path);
  }
  print_error("powercut: {} holds the state at {} ({} events)\n", path.string(),
              arguments.text("to"), cut);
  return kExitClean;
}

}  // namespace

extern const Command kReplayCommand = {
    "replay", "LOG --to WHERE -o FILE",
    "write the state at a place of the log into a file or device",
    "All that was complete at that place, in order of completion, as if nothing had "
    "been\n"
    "lost. A file comes out sparse and whole or not at all; a device is overwritten "
    "after\n"
    "a question.\n\n"
    "examples:\n"
    "  powercut replay run.log --to mark:mkfs -o disk.img\n"
    "  powercut replay old.log --to entry:112 --size 64M -o disk.img\n\n",
    &run};

}  // namespace powercut
