// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/qemu_command.h"

#include "device/guest/agent_setup.h"
#include "device/guest/initramfs.h"

#include <fmt/format.h>

namespace powercut {
namespace {

// In QEMU's option lists a comma is doubled.
std::string quoted(const std::string& text) {
  std::string result;
  for (const char c : text) {
    result += c;
    if (c == ',') {
      result += c;
    }
  }
  return result;
}

// An oops ends the kernel, and its end ends QEMU (-no-reboot).
std::string kernel_arguments(const QemuOptions& options) {
  std::string text = fmt::format(
      "console=ttyS0 rdinit={} panic=-1 oops=panic softlockup_panic=1 watchdog_thresh=30 "
      "random.trust_cpu=on net.ifnames=0",
      kGuestInit);
  if (options.accel == GuestAccel::kTcg) {
    // The kernel distrusts an emulated TSC and would read the time from the HPET, whose
    // every access leaves the emulated code. And it panics ("IO-APIC + timer doesn't
    // work") if on a busy machine the timer does not tick while it looks.
    text += " tsc=reliable clocksource=tsc no_timer_check";
  }
  if (options.hung_task.count() > 0) {
    text += fmt::format(" hung_task_panic=1 sysctl.kernel.hung_task_timeout_secs={}",
                        options.hung_task.count());
  } else {
    text += " sysctl.kernel.hung_task_timeout_secs=0";
  }
  return text + " -- guest-agent";
}

// Requests reach the file as the guest sends them: discards are passed on, zeros stay
// writes, and nothing is kept in the host's memory unless `cache` says so.
std::vector<std::string> disk_arguments(const GuestDisk& disk, std::size_t index) {
  std::string device = fmt::format(
      "virtio-blk-pci,drive=disk{},logical_block_size={},physical_block_size={}", index,
      disk.block_bytes, disk.block_bytes);
  if (!disk.serial.empty()) {
    device += ",serial=" + quoted(disk.serial);
  }
  return {
      "-drive",
      fmt::format("if=none,id=disk{},format=raw,file={},cache={},aio={},"
                  "discard=unmap,detect-zeroes=off,read-only={}",
                  index, quoted(disk.file.native()), disk.cache,
                  disk.kernel_aio ? "native" : "threads", disk.read_only ? "on" : "off"),
      "-device", device};
}

}  // namespace

std::filesystem::path disk_in_guest(std::size_t index) {
  std::string letters;
  for (std::size_t rest = index + 1; rest > 0; rest = (rest - 1) / 26) {
    letters.insert(letters.begin(), static_cast<char>('a' + (rest - 1) % 26));
  }
  return "/dev/vd" + letters;
}

std::vector<std::string> qemu_command(const QemuOptions& options) {
  std::vector<std::string> argv = {
      options.program.native(), "-name", quoted(options.name), "-nodefaults",
      "-no-user-config", "-display", "none", "-no-reboot", "-M", "pc", "-accel",
      options.accel == GuestAccel::kKvm ? "kvm" : "tcg", "-cpu", "max", "-smp",
      fmt::format("{}", options.cpus), "-m", fmt::format("{}M", options.memory_mib),
      "-kernel", options.kernel.native(), "-initrd", options.initramfs.native(),
      "-append", kernel_arguments(options),
      // the console
      "-chardev",
      fmt::format("file,id=console,path={}", quoted(options.console.native())), "-serial",
      "chardev:console",
      // the agent
      "-chardev", "socket,id=agent,fd=0", "-device", "virtio-serial-pci", "-device",
      fmt::format("virtserialport,chardev=agent,name={}", kGuestPortName),
      // mkfs and others wait for randomness
      "-device", "virtio-rng-pci"};
  for (std::size_t i = 0; i < options.disks.size(); ++i) {
    const std::vector<std::string> disk = disk_arguments(options.disks[i], i);
    argv.insert(argv.end(), disk.begin(), disk.end());
  }
  return argv;
}

}  // namespace powercut
