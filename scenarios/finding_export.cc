// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/finding_export.h"

#include "base/fd.h"
#include "base/subprocess.h"
#include "log/event_text.h"
#include "replay/state_view.h"
#include "scenarios/state_owners.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <deque>
#include <span>
#include <system_error>

namespace powercut {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostEvents = 2000;

Status write_text(const fs::path& path, const std::string& text, mode_t mode = 0644) {
  PC_ASSIGN_OR_RETURN(const Fd fd, Fd::open(path, O_WRONLY | O_CREAT | O_TRUNC));
  PC_RETURN_IF_ERROR(write_fully(fd, std::as_bytes(std::span(text)), 0, path));
  if (::fchmod(fd.get(), mode) != 0) {
    return fail(
        system_error(fmt::format("cannot make {} executable", path.native()), errno));
  }
  return {};
}

Status make_directory(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    return fail(
        system_error(fmt::format("cannot make {}", directory.native()), error.value()));
  }
  if (!fs::is_empty(directory, error)) {
    return fail(ErrorKind::kUsage, fmt::format("{} is not empty", directory.native()),
                "--export makes a directory of its own");
  }
  return {};
}

Status convert_to_qcow2(const fs::path& image) {
  fs::path made = image;
  made.replace_extension(".qcow2");
  SubprocessOptions command;
  command.argv = {"qemu-img", "convert", "-f",           "raw",
                  "-O",       "qcow2",   image.string(), made.string()};
  command.timeout = std::chrono::minutes(10);
  PC_ASSIGN_OR_RETURN(const ExitState state, run_subprocess(command));
  if (state.interrupted) {
    return fail(ErrorKind::kInterrupted, "interrupted");
  }
  if (!state.succeeded()) {
    return fail(ErrorKind::kBadInput, fmt::format("qemu-img cannot convert {}: {}",
                                                  image.native(), state.output));
  }
  std::error_code ignored;
  fs::remove(image, ignored);
  return {};
}

std::string image_name(const char* state, std::uint16_t device, std::size_t devices) {
  return devices == 1 ? fmt::format("{}.img", state)
                      : fmt::format("{}-{}.img", state, device);
}

Status write_images(const CrashState& state, const char* name, const FindingExport& out) {
  const Recording& recording = state.space->recording();
  for (std::uint16_t device = 0; device < recording.device_count(); ++device) {
    const fs::path path =
        out.directory / image_name(name, device, recording.device_count());
    PC_RETURN_IF_ERROR(write_image(recording, StateView(state, device),
                                   state.space->cut(), device, path));
    if (out.qcow2) {
      PC_RETURN_IF_ERROR(convert_to_qcow2(path));
    }
  }
  return {};
}

// A case of xfstests: the failing image goes onto the scratch device, is mounted, which
// replays its log, and must be whole then.
std::string xfstests_case(const FindingExport& out, std::uint64_t size_bytes) {
  const std::string image = out.qcow2 ? "failing.qcow2" : "failing.img";
  const std::string put =
      out.qcow2 ? "qemu-img convert -n -O raw \"$image\" \"$SCRATCH_DEV\""
                : "dd if=\"$image\" of=\"$SCRATCH_DEV\" bs=1M conv=fsync,notrunc";
  return fmt::format(R"(#! /bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A crash state that powercut found: {}
#
# Put this file and {} into tests/generic (as NNN and NNN.img); the golden output is the
# file case.out beside it.
#
. ./common/preamble
_begin_fstest auto quick log recoveryloop

. ./common/filter

_require_scratch_nocheck
image="${{POWERCUT_IMAGE:-${{0%.sh}}.img}}"
[ -r "$image" ] || _notrun "no image $image: set POWERCUT_IMAGE"
_require_scratch_size $(({} / 1024))

{} >> $seqres.full 2>&1 || _fail "cannot write the image"
# The first mount replays what the file system's log holds.
_scratch_mount
_scratch_unmount
_check_scratch_fs

echo "Silence is golden"
status=0
exit
)",
                     out.summary, image, size_bytes, put);
}

std::string readme(const Reduction& reduction, const FindingExport& out) {
  const std::string extension = out.qcow2 ? "qcow2" : "img";
  return fmt::format(
      R"(# A crash state found by powercut

{}

    {}

| file | |
|---|---|
| `failing.{}` | the disk as a power cut can have left it |
{}| `explanation.txt`, `explanation.json` | which writes are to blame |
| `log.txt` | what the disk was told around the cut |
| `case`, `case.out` | a test case in the form of xfstests |

The checker was `{}`. Look at the image with it, or mount it:

    {}
)",
      "What is in this directory shows the fault without the log it comes from.",
      out.summary, extension,
      reduction.sound
          ? fmt::format("| `sound.{}` | the nearest state that does not fail |\n",
                        extension)
          : std::string(),
      out.checker,
      out.qcow2 ? "qemu-nbd -c /dev/nbd0 failing.qcow2 && mount /dev/nbd0 /mnt"
                : "cp --sparse=always failing.img try.img && mount -o loop try.img /mnt");
}

}  // namespace

std::string log_excerpt(const Timeline& timeline, EventPos first, Cut cut,
                        std::size_t most) {
  EventPos from = 0;
  for (const Flush& flush : timeline.flushes()) {
    if (flush.complete < cut && flush.submit > from) {
      from = flush.submit;
    }
  }
  from = std::min(from, first);
  const bool entries = timeline.log().format() == LogFormat::k1;
  const std::uint64_t last = cut == 0 ? 0 : timeline.seq_at(cut - 1);
  std::deque<std::string> lines;
  bool dropped = false;
  if (cut > 0) {
    timeline.log().visit_from(timeline.seq_at(from), [&](const Event& event) {
      if (event.seq > last) {
        return Visit::kStop;
      }
      lines.push_back(event_text(event, entries));
      if (lines.size() > most) {
        lines.pop_front();
        dropped = true;
      }
      return Visit::kContinue;
    });
  }
  std::string text =
      "# From the last flush that was complete, or the first guilty write, to the cut:\n";
  text += dropped ? fmt::format("# (only the last {} events)\n", most) : "";
  for (const std::string& line : lines) {
    text += line + "\n";
  }
  return text + "# here the power fails\n";
}

Status export_finding(const Reduction& reduction, const FindingExport& out) {
  if (out.qcow2 && !find_program("qemu-img")) {
    return fail(ErrorKind::kMissing, "there is no program qemu-img to make qcow2 with",
                "install qemu-utils, or leave out --qcow2");
  }
  PC_RETURN_IF_ERROR(make_directory(out.directory));
  PC_RETURN_IF_ERROR(write_images(reduction.failing, "failing", out));
  if (reduction.sound) {
    PC_RETURN_IF_ERROR(write_images(*reduction.sound, "sound", out));
  }
  const Recording& recording = reduction.failing.space->recording();
  EventPos first = kNever;
  for (const ReducedWrite& write : reduction.writes) {
    first = std::min(first, recording.timeline().write(write.write).submit);
  }
  PC_RETURN_IF_ERROR(
      write_text(out.directory / "log.txt",
                 log_excerpt(recording.timeline(), first, reduction.failing.space->cut(),
                             kMostEvents)));
  PC_RETURN_IF_ERROR(write_text(out.directory / "explanation.txt", out.explanation));
  PC_RETURN_IF_ERROR(write_text(out.directory / "explanation.json", out.json));
  if (recording.device_count() == 1) {
    constexpr mode_t kExecutable = 0755;
    PC_RETURN_IF_ERROR(write_text(out.directory / "case",
                                  xfstests_case(out, recording.size_bytes(0)),
                                  kExecutable));
    PC_RETURN_IF_ERROR(write_text(out.directory / "case.out",
                                  "QA output created by case\nSilence is golden\n"));
  }
  return write_text(out.directory / "README.md", readme(reduction, out));
}

}  // namespace powercut
