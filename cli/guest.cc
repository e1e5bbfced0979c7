// SPDX-License-Identifier: GPL-2.0-only
//
// powercut guest: runs a command in a virtual machine with a kernel of one's choice.

#include "device/guest/guest.h"

#include "base/print_error.h"
#include "base/signals.h"
#include "base/units.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/guest_arguments.h"

#include <fmt/format.h>

#include <fcntl.h>

#include <algorithm>
#include <cstdio>
#include <vector>

namespace powercut {

namespace {

constexpr int kSignalExit = 128;  // as a shell tells a signal

// --disk FILE[:SIZE]: a file that is there, or a new sparse one of that size.
GuestDisk open_disk(const std::string& text, std::uint32_t block_bytes,
                    const std::string& cache) {
  GuestDisk disk;
  disk.cache = cache;
  disk.block_bytes = block_bytes;
  disk.file = text;
  std::error_code error;
  const std::size_t colon = text.rfind(':');
  if (!std::filesystem::exists(disk.file, error) && colon != std::string::npos) {
    disk.file = text.substr(0, colon);
    const std::uint64_t size_bytes = value_or_throw(parse_bytes(text.substr(colon + 1)));
    if (!std::filesystem::exists(disk.file, error)) {
      const Fd file = value_or_throw(Fd::open(disk.file, O_WRONLY | O_CREAT));
      std::filesystem::resize_file(disk.file, size_bytes, error);
      // Not a hole: of one, QEMU 7.2 guesses that direct writes must be aligned to 4096
      // bytes, and fails what it then cannot pad (--cache none).
      const std::vector<std::byte> head(std::min<std::uint64_t>(size_bytes, 65536));
      value_or_throw(write_fully(file, head, 0, disk.file));
    }
  }
  if (error || !std::filesystem::exists(disk.file, error)) {
    throw Failure(Error{ErrorKind::kUsage,
                        fmt::format("no disk {}: {}", disk.file.native(),
                                    error ? error.message() : "no such file"),
                        "--disk FILE:SIZE makes one"});
  }
  return disk;
}

GuestOptions guest_options(const Arguments& arguments) {
  GuestOptions options = guest_machine(arguments);
  const std::string cache = arguments.text("cache");
  if (cache != "writeback" && cache != "none" && cache != "unsafe") {
    throw Failure(Error{ErrorKind::kUsage, fmt::format("no cache mode '{}'", cache),
                        "--cache is writeback, none or unsafe"});
  }
  for (const std::string& disk : arguments_list(arguments, "disk")) {
    options.disks.push_back(
        open_disk(disk, arguments.values["block-size"].as<std::uint32_t>(), cache));
  }
  if (arguments.has("log-writes")) {
    add_log_writes(options);
  }
  return options;
}

int exit_code_of(const GuestRun& result) {
  if (result.failure) {
    print_error("powercut: {}", describe(*result.failure));
    return result.failure->kind == GuestFailureKind::kInterrupted ? kExitInterrupted
                                                                  : kExitHarness;
  }
  return result.state.signal ? kSignalExit + *result.state.signal
                             : result.state.code.value_or(kExitHarness);
}

int run_in_guest(const Arguments& arguments) {
  RunDir run_dir = value_or_throw(RunDir::create());
  GuestOptions options = guest_options(arguments);
  GuestCommand command;
  command.argv = arguments.command;
  add_command_files(command.argv, options);
  std::unique_ptr<Guest> guest = value_or_throw(Guest::start(options, run_dir));
  command.timeout = std::chrono::seconds(arguments.values["timeout"].as<unsigned>());
  command.on_output = [](int stream, std::string_view bytes) {
    std::FILE* out = stream == 1 ? stdout : stderr;
    std::fwrite(bytes.data(), 1, bytes.size(), out);
    std::fflush(out);
  };
  const GuestRun result = guest->run(command);
  const int code = exit_code_of(result);
  if (guest->alive()) {
    if (const std::optional<GuestFailure> failure = guest->shut_down()) {
      print_error("powercut: {}", describe(*failure));
      return kExitHarness;
    }
  }
  return code;
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  add_guest_options(options);
  options.add_options()("disk", po::value<std::vector<std::string>>(),
                        "FILE[:SIZE]: a raw image as /dev/vda, the next as /dev/vdb; "
                        "with a size it is made if it is not there")(
      "block-size", po::value<std::uint32_t>()->default_value(512),
      "logical block size of the disks: 512 to 4096")(
      "cache", po::value<std::string>()->default_value("writeback"),
      "what a flush of the disks costs: writeback (their files are flushed), none (they "
      "are opened without cache), unsafe (nothing: only this machine's crash loses "
      "data)")("log-writes", "build and load the log-writes target")(
      "timeout", po::value<unsigned>()->default_value(0),
      "seconds after which the command is killed (0: never)");
  Arguments arguments = parse_arguments(self, options, {}, words, true);
  if (arguments.command.empty()) {
    throw Failure(
        Error{ErrorKind::kUsage, "no command to run in the guest", "it goes behind --"});
  }
  try {
    return run_in_guest(arguments);
  } catch (const Failure& failure) {
    if (failure.error().kind != ErrorKind::kMissing || interrupted()) {
      throw;
    }
    print_error("powercut: {}\n", failure.error().message);
    if (!failure.error().hint.empty()) {
      print_error("hint: {}\n", failure.error().hint);
    }
    return kExitSkipped;
  }
}

}  // namespace

extern const Command kGuestCommand = {
    "guest", "[--disk FILE[:SIZE]] ... -- COMMAND ...",
    "run a command in a virtual machine",
    "Boots a kernel in QEMU, with this machine's programs and none of its files, runs "
    "the\n"
    "command as root in it and switches it off. The program and each argument that "
    "names\n"
    "a file are copied into the guest; what else it reads is named with --copy, "
    "programs\n"
    "that it starts with --with. Common tools (coreutils, mount, mkfs.*, dmsetup) and\n"
    "powercut are there if this machine has them. Its stdin is empty.\n\n"
    "Ends with the exit code of the command (128 and the number of a signal); with 3 "
    "and\n"
    "the end of the guest's console if the guest panicked or hung or the command took\n"
    "too long; with 77 if QEMU, a kernel or its headers are missing.\n\n"
    "examples:\n"
    "  powercut guest -- uname -r\n"
    "  powercut guest --disk d.img:64M -- sh -c 'mkfs.ext4 -q /dev/vda; mount /dev/vda "
    "/mnt'\n"
    "  powercut guest --kernel ~/linux --log-writes -- dmsetup targets\n\n",
    &run};

}  // namespace powercut
