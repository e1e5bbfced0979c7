// SPDX-License-Identifier: GPL-2.0-only
//
// The command line of QEMU for one guest. Starts nothing.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace powercut {

enum class GuestAccel {
  kTcg,   // emulated processors; works everywhere
  kKvm,   // the host's processors
  kAuto,  // kKvm where a guest came up with it; see choose_accel()
};

// A disk of the guest: /dev/vda for the first, then /dev/vdb. The file is a raw image.
struct GuestDisk {
  std::filesystem::path file;
  bool read_only = false;
  std::uint32_t block_bytes = 512;  // logical and physical block
  std::string cache = "none";       // QEMU's cache mode: none, writeback, unsafe, ...
  // Requests go to the kernel's aio in place of QEMU's threads, which keep a flush behind
  // the writes that it came after. With cache none or directsync only.
  bool kernel_aio = false;
  std::string serial;  // empty: none; at most 20 bytes
};

// The path there of the guest's disk `index`, from 0: behind "/dev/vdz" comes
// "/dev/vdaa".
std::filesystem::path disk_in_guest(std::size_t index);

struct QemuOptions {
  std::filesystem::path program;  // qemu-system-x86_64
  std::filesystem::path kernel;
  std::filesystem::path initramfs;
  std::filesystem::path console;  // what the guest's console says goes to this file
  std::vector<GuestDisk> disks;
  std::string name;  // of the guest, in lists of processes
  std::uint64_t memory_mib = 512;
  unsigned cpus = 2;
  GuestAccel accel = GuestAccel::kTcg;  // not kAuto
  std::chrono::seconds hung_task{60};   // 0: the kernel does not look for hung tasks
};

// The channel to the agent is the socket that QEMU finds as its standard input.
std::vector<std::string> qemu_command(const QemuOptions& options);

}  // namespace powercut
