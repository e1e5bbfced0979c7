// SPDX-License-Identifier: GPL-2.0-only
//
// A virtual machine with a kernel of the caller's choice, in which commands are run: QEMU
// with an initramfs made of this machine's programs, and powercut inside as its agent.
//
// What goes wrong in the guest (a panic, a hang, a timeout) is a GuestFailure, which is
// data; what goes wrong with the harness (no QEMU, no kernel) is an Error. No call waits
// for ever on a guest that is dead.

#pragma once

#include "base/mount_report.h"
#include "base/result.h"
#include "base/script_report.h"
#include "base/subprocess.h"
#include "device/guest/channel.h"
#include "device/guest/guest_failure.h"
#include "device/guest/initramfs.h"
#include "device/guest/kernel_choice.h"
#include "device/guest/qemu_command.h"
#include "device/run_dir.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace powercut {

struct GuestOptions {
  std::filesystem::path kernel;            // see choose_kernel()
  std::filesystem::path modules;           // the same
  std::vector<std::string> load;           // more modules of the kernel, by name
  std::vector<GuestModule> extra_modules;  // .ko files; loaded after all others
  std::filesystem::path agent;             // powercut; empty: this program
  std::vector<std::string> programs;       // beside basic_guest_programs()
  std::vector<GuestFile> files;
  std::vector<GuestDisk> disks;
  std::uint64_t memory_mib = 512;
  unsigned cpus = 2;
  GuestAccel accel = GuestAccel::kTcg;
  std::filesystem::path console;  // empty: in the run directory
  std::chrono::seconds boot_timeout{180};
  // Without a beat of the agent, and then once more, of which what QEMU waited for a
  // processor of this machine does not count.
  std::chrono::seconds hang_timeout{15};
  std::chrono::seconds hung_task{60};  // see QemuOptions
  // Called, inside run(), for each `powercut mark` in the guest; without it commands
  // find no recording there.
  std::function<Status(std::string_view text)> on_mark;
};

struct GuestCommand {
  std::vector<std::string> argv;    // argv[0] is looked up in the guest's PATH
  std::filesystem::path directory;  // in the guest; empty: /root
  std::vector<std::pair<std::string, std::string>> environment;  // not the caller's
  std::chrono::milliseconds timeout{0};                          // 0: none
  std::size_t output_limit_bytes = 256 * 1024;                   // of what is collected
  // Takes the output as it comes, stream 1 or 2; without it, it is collected.
  std::function<void(int stream, std::string_view bytes)> on_output;
};

// What became of a command. With a failure of kind kTimeout the command was killed and
// the guest goes on, unless alive() says otherwise; with any other the guest is gone, and
// with it what the command printed just before.
struct GuestRun {
  ExitState state;
  std::optional<GuestFailure> failure;

  bool succeeded() const { return !failure && state.succeeded(); }
};

// Not thread-safe; the thread that calls start() must outlive it (see Subprocess). The
// destructor kills the guest.
class Guest {
 public:
  // Makes the initramfs and starts QEMU; does not wait for the guest. `run_dir` must
  // outlive it.
  static Result<std::unique_ptr<Guest>> start(const GuestOptions& options,
                                              const RunDir& run_dir);
  ~Guest();
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  // Waits until commands can be run, or says why none can. run() does the same.
  std::optional<GuestFailure> boot();

  // One after the other, any number of times.
  GuestRun run(const GuestCommand& command);

  // The guest mounts `device` ("/dev/vda") and looks around; see MountReport, with a dead
  // guest as its machine_failure, after which the guest is gone. An Error: its kernel has
  // not this file system, or we were interrupted. `begin_unit` as in Mounter::mount().
  Result<MountReport> visit(const std::filesystem::path& device,
                            const MountRequest& request,
                            const std::function<void(std::size_t unit)>& begin_unit);

  // A script on the disks, by their paths in the guest; see ScriptReport. The guest is
  // gone after a machine_failure, and is to be ended if something was `left`.
  Result<ScriptReport> run_script(
      const ScriptRequest& request, const std::vector<std::filesystem::path>& devices,
      const std::function<void(std::size_t part)>& begin_part);

  // What the process that mounts does beside visits (VisitService): sends it a request,
  // has `on_message` answer what it asks meanwhile, and returns what it says last. With a
  // failure of kind kTimeout or kHang the guest is gone.
  struct Answer {
    GuestMessage message;
    std::optional<GuestFailure> failure;
  };

  Answer ask(GuestMessage request, std::chrono::milliseconds timeout,
             const std::function<GuestMessage(const GuestMessage&)>& on_message);

  // Unmounts its disks, syncs them and switches it off; waits for that.
  std::optional<GuestFailure> shut_down();

  // The power cut: what the guest did not flush may be lost. Does not wait for ever for
  // QEMU to end: see gone_within().
  void kill();

  // After kill() or a failure: QEMU has ended, and no request of it is under way any
  // more. A QEMU whose disk does not answer cannot be ended. Waits that long.
  bool gone_within(std::chrono::milliseconds patience);

  bool alive() const { return qemu_.has_value(); }

  // Of QEMU; -1 if it is gone.
  pid_t pid() const { return qemu_ ? qemu_->pid() : -1; }

  const std::string& kernel_version() const { return kernel_version_; }

  // All that the console said until now.
  std::string console() const { return read_console_file(console_); }

 private:
  using Clock = std::chrono::steady_clock;

  Guest() = default;

  Result<std::filesystem::path> prepare(const GuestOptions& options,
                                        const std::filesystem::path& directory,
                                        QemuOptions& qemu);
  static bool comes_up_with_kvm(QemuOptions qemu, const std::filesystem::path& directory,
                                const RunDir& run_dir);
  Status start_qemu(const QemuOptions& qemu, const RunDir& run_dir);

  std::optional<GuestFailure> pump(std::optional<Clock::time_point> deadline,
                                   const char* what, const std::function<bool()>& done);
  std::optional<GuestFailure> await_visit(
      const GuestMessage& message, std::chrono::milliseconds timeout,
      const std::function<void(std::size_t unit)>& begin_unit, const std::string& what);
  std::optional<GuestFailure> take_messages();
  std::optional<GuestFailure> obey(const GuestMessage& message);
  std::optional<GuestFailure> answer_mark(const GuestMessage& message);
  std::optional<GuestFailure> answer_unit(const GuestMessage& message);
  void await_on_console(std::string_view text);
  bool hangs(Clock::time_point now);
  int poll_timeout_ms(std::optional<Clock::time_point> deadline) const;
  GuestFailure fail_with(GuestFailureKind kind, std::string message);
  GuestFailure qemu_ended();
  void let_go();

  std::filesystem::path console_;
  std::filesystem::path initramfs_;
  std::string kernel_version_;
  std::chrono::seconds boot_timeout_{0};
  std::chrono::seconds hang_timeout_{0};
  std::function<Status(std::string_view text)> on_mark_;

  std::optional<Subprocess> qemu_;
  std::optional<Subprocess> dying_;  // a QEMU that was killed and has not ended yet
  std::unique_ptr<GuestChannel> channel_;
  std::optional<GuestFailure> death_;  // why it is gone
  bool booted_ = false;
  Clock::time_point last_beat_;

  // Silent for long, which may be for want of a processor.
  struct Suspicion {
    Clock::time_point since;
    std::chrono::nanoseconds waited;  // processor_wait() then
  };

  std::optional<Suspicion> suspicion_;
  std::function<void(int stream, std::string_view bytes)> on_output_;
  std::optional<GuestMessage> exit_;  // of the command that runs
  std::function<void(std::size_t unit)> on_unit_;
  std::function<GuestMessage(const GuestMessage&)> on_asked_;
  std::optional<GuestMessage> visited_;  // of the visit that goes on
};

}  // namespace powercut
