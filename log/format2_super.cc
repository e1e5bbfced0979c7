// SPDX-License-Identifier: GPL-2.0-only

#include "log/format2_super.h"

#include "base/crc32c.h"
#include "kernel/log-writes/log_format.h"
#include "log/wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace powercut {

namespace {

struct DeviceFlag {
  std::uint32_t bit;
  bool Device::*member;
};

constexpr std::array kDeviceFlags = {
    DeviceFlag{PC_DEVICE_WRITE_CACHE, &Device::write_cache},
    DeviceFlag{PC_DEVICE_FUA, &Device::fua},
    DeviceFlag{PC_DEVICE_DISCARD, &Device::discard},
    DeviceFlag{PC_DEVICE_DISCARD_ZEROES, &Device::discard_zeroes},
    DeviceFlag{PC_DEVICE_WRITE_ZEROES, &Device::write_zeroes},
    DeviceFlag{PC_DEVICE_BOUNCE, &Device::bounce},
    DeviceFlag{PC_DEVICE_OBSERVE, &Device::observe},
    DeviceFlag{PC_DEVICE_LOGS_READS, &Device::logs_reads},
    DeviceFlag{PC_DEVICE_HAS_BASE, &Device::has_base},
};

std::uint32_t super_crc(pc_log2_super super) {
  super.crc = 0;
  return crc32c(bytes_of(super));
}

Device decode_device(const pc_device& raw) {
  Device device;
  device.name.assign(raw.name, strnlen(raw.name, sizeof(raw.name)));
  device.size_bytes = from_le<std::uint64_t>(raw.size_bytes);
  device.logical_block_bytes = from_le<std::uint32_t>(raw.logical_block_bytes);
  device.physical_block_bytes = std::max(from_le<std::uint32_t>(raw.physical_block_bytes),
                                         device.logical_block_bytes);
  device.domain = from_le<std::uint32_t>(raw.domain);
  device.discard_granularity_bytes =
      from_le<std::uint32_t>(raw.discard_granularity_bytes);
  device.base_digest = from_le<std::uint64_t>(raw.base_digest);
  device.attach_seq = from_le<std::uint64_t>(raw.attach_seq);
  const std::uint32_t flags = from_le<std::uint32_t>(raw.flags);
  for (const DeviceFlag& flag : kDeviceFlags) {
    device.*flag.member = (flags & flag.bit) != 0;
  }
  return device;
}

pc_device encode_device(const Device& device) {
  pc_device raw{};
  std::memcpy(raw.name, device.name.data(), device.name.size());
  raw.size_bytes = to_le<std::uint64_t>(device.size_bytes);
  raw.logical_block_bytes = to_le<std::uint32_t>(device.logical_block_bytes);
  raw.physical_block_bytes = to_le<std::uint32_t>(device.physical_block_bytes);
  raw.domain = to_le<std::uint32_t>(device.domain);
  raw.discard_granularity_bytes = to_le<std::uint32_t>(device.discard_granularity_bytes);
  raw.base_digest = to_le<std::uint64_t>(device.base_digest);
  raw.attach_seq = to_le<std::uint64_t>(device.attach_seq);
  std::uint32_t flags = 0;
  for (const DeviceFlag& flag : kDeviceFlags) {
    flags |= device.*flag.member ? flag.bit : 0;
  }
  raw.flags = to_le<std::uint32_t>(flags);
  return raw;
}

tl::expected<Format2Super, std::string> decode_devices(Format2Super super,
                                                       const pc_log2_super& raw) {
  const std::uint32_t count = from_le<std::uint32_t>(raw.device_count);
  if (count == 0 || count > PC_MAX_DEVICES) {
    return tl::unexpected(
        fmt::format("{} devices (1 to {} expected)", count, PC_MAX_DEVICES));
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    Device device = decode_device(raw.devices[i]);
    if (!is_power_of_two_between(device.logical_block_bytes, kMinBlockBytes,
                                 kMaxBlockBytes)) {
      return tl::unexpected(fmt::format("unsupported logical block size {} of device {}",
                                        device.logical_block_bytes, i));
    }
    if (device.size_bytes > kMaxDeviceBytes) {
      return tl::unexpected(
          fmt::format("impossible size of {} bytes of device {}", device.size_bytes, i));
    }
    super.devices.push_back(std::move(device));
  }
  return super;
}

tl::expected<Format2Super, std::string> decode_slot(std::span<const std::byte> file,
                                                    std::uint64_t position) {
  if (file.size() < position + PC_SUPER_BYTES) {
    return tl::unexpected(fmt::format("the file ends at byte {}", file.size()));
  }
  const pc_log2_super raw = load_struct<pc_log2_super>(file, position);
  if (from_le<std::uint64_t>(raw.magic) != PC_LOG2_MAGIC) {
    return tl::unexpected(
        fmt::format("bad magic {:#x}", from_le<std::uint64_t>(raw.magic)));
  }
  if (from_le<std::uint32_t>(raw.version) != PC_LOG2_VERSION) {
    return tl::unexpected(
        fmt::format("unsupported version {}", from_le<std::uint32_t>(raw.version)));
  }
  const std::uint32_t crc = super_crc(raw);
  if (crc != from_le<std::uint32_t>(raw.crc)) {
    return tl::unexpected(fmt::format("its checksum is {:#010x}, {:#010x} was recorded",
                                      crc, from_le<std::uint32_t>(raw.crc)));
  }
  Format2Super super;
  super.generation = from_le<std::uint64_t>(raw.generation);
  std::copy(std::begin(raw.uuid), std::end(raw.uuid), super.uuid.begin());
  super.log_bytes = from_le<std::uint64_t>(raw.log_bytes);
  super.block_bytes = from_le<std::uint32_t>(raw.block_bytes);
  super.created_ns = from_le<std::uint64_t>(raw.created_ns);
  super.clean = (from_le<std::uint32_t>(raw.flags) & PC_SUPER_CLEAN) != 0;
  super.tail_offset = from_le<std::uint64_t>(raw.tail_offset);
  super.tail_seq = from_le<std::uint64_t>(raw.tail_seq);
  if (!is_power_of_two_between(super.block_bytes, kMinBlockBytes, kMaxBlockBytes)) {
    return tl::unexpected(fmt::format("unsupported block size {}", super.block_bytes));
  }
  return decode_devices(std::move(super), raw);
}

}  // namespace

Result<Format2Super> read_super(std::span<const std::byte> file,
                                const std::string& name) {
  auto first = decode_slot(file, 0);
  auto second = decode_slot(file, PC_SUPER_SLOT_BYTES);
  if (!first && !second) {
    return fail(ErrorKind::kBadInput,
                fmt::format("cannot open log {}: no good superblock: at byte 0: {}; at "
                            "byte {}: {}",
                            name, first.error(), PC_SUPER_SLOT_BYTES, second.error()),
                "the log's devices are not known without one; was its beginning "
                "overwritten?");
  }
  if (!second || (first && first->generation >= second->generation)) {
    return std::move(*first);
  }
  return std::move(*second);
}

Status check_devices(const std::vector<Device>& devices) {
  if (devices.empty() || devices.size() > PC_MAX_DEVICES) {
    return fail(ErrorKind::kUsage, fmt::format("a log holds 1 to {} devices, not {}",
                                               PC_MAX_DEVICES, devices.size()));
  }
  for (const Device& device : devices) {
    if (device.name.size() > PC_DEVICE_NAME_BYTES) {
      return fail(ErrorKind::kUsage,
                  fmt::format("device name '{}' is longer than {} bytes", device.name,
                              PC_DEVICE_NAME_BYTES));
    }
    if (!is_power_of_two_between(device.logical_block_bytes, kMinBlockBytes,
                                 kMaxBlockBytes)) {
      return fail(ErrorKind::kUsage,
                  fmt::format("unsupported logical block size {} of device '{}'",
                              device.logical_block_bytes, device.name));
    }
    if (device.size_bytes > kMaxDeviceBytes) {
      return fail(ErrorKind::kUsage, fmt::format("impossible size of {} bytes of device "
                                                 "'{}'",
                                                 device.size_bytes, device.name));
    }
  }
  return {};
}

std::vector<std::byte> encode_super(const Format2Super& super) {
  pc_log2_super raw{};
  raw.magic = to_le<std::uint64_t>(PC_LOG2_MAGIC);
  raw.version = to_le<std::uint32_t>(PC_LOG2_VERSION);
  raw.generation = to_le<std::uint64_t>(super.generation);
  std::copy(super.uuid.begin(), super.uuid.end(), std::begin(raw.uuid));
  raw.log_bytes = to_le<std::uint64_t>(super.log_bytes);
  raw.block_bytes = to_le<std::uint32_t>(super.block_bytes);
  raw.device_count = to_le(static_cast<std::uint32_t>(super.devices.size()));
  raw.created_ns = to_le<std::uint64_t>(super.created_ns);
  raw.flags = to_le<std::uint32_t>(super.clean ? PC_SUPER_CLEAN : 0);
  raw.tail_offset = to_le<std::uint64_t>(super.tail_offset);
  raw.tail_seq = to_le<std::uint64_t>(super.tail_seq);
  for (std::size_t i = 0; i < super.devices.size(); ++i) {
    raw.devices[i] = encode_device(super.devices[i]);
  }
  raw.crc = to_le<std::uint32_t>(super_crc(raw));
  const auto bytes = bytes_of(raw);
  return {bytes.begin(), bytes.end()};
}

std::uint64_t slot_offset(std::uint64_t generation) {
  return generation % PC_SUPER_SLOTS * PC_SUPER_SLOT_BYTES;
}

}  // namespace powercut
