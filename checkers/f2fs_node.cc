// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/f2fs_node.h"

#include <sys/stat.h>

namespace powercut {

namespace {

constexpr std::size_t kAddresses = 360;  // of an inode; more fields may be in them
constexpr std::uint32_t kMostAddresses = 923;
constexpr std::size_t kFooter = 4072;
constexpr std::size_t kEntryBytes = 11;
constexpr std::size_t kSlotBytes = 8;  // a name has as many as it needs
constexpr std::uint32_t kMostName = 255;

enum InlineFlag : std::uint8_t {
  kInlineAttributes = 0x01,
  kInlineData = 0x02,
  kInlineEntries = 0x04,
  kExtraFields = 0x20,
};

std::uint64_t number(std::span<const std::byte> bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size && at + i < bytes.size(); ++i) {
    value |= std::to_integer<std::uint64_t>(bytes[at + i]) << (8 * i);
  }
  return value;
}

std::uint32_t word(std::span<const std::byte> bytes, std::size_t at) {
  return static_cast<std::uint32_t>(number(bytes, at, 4));
}

// A bitmap of `slots`, then entries, then names; the bitmap and the entries are
// `reserved` bytes apart.
std::vector<F2fsEntry> read_entries(std::span<const std::byte> bytes, std::size_t slots,
                                    std::size_t reserved) {
  const std::size_t entries = (slots + 7) / 8 + reserved;
  const std::size_t names = entries + slots * kEntryBytes;
  std::vector<F2fsEntry> found;
  for (std::size_t slot = 0; slot < slots;) {
    const std::size_t entry = entries + slot * kEntryBytes;
    const auto length = static_cast<std::uint32_t>(number(bytes, entry + 8, 2));
    const std::size_t name = names + slot * kSlotBytes;
    const bool used = (number(bytes, slot / 8, 1) >> (slot % 8) & 1) != 0;
    if (!used || length == 0 || length > kMostName || name + length > bytes.size()) {
      ++slot;
      continue;
    }
    std::string text;
    for (const std::byte byte : bytes.subspan(name, length)) {
      text.push_back(static_cast<char>(byte));
    }
    if (text != "." && text != "..") {
      found.push_back({word(bytes, entry + 4), std::move(text)});
    }
    slot += (length + kSlotBytes - 1) / kSlotBytes;
  }
  return found;
}

}  // namespace

F2fsNode read_f2fs_node(std::span<const std::byte> block) {
  constexpr unsigned kOffsetShift = 3;  // below it: flags
  return {word(block, kFooter), word(block, kFooter + 4),
          word(block, kFooter + 8) >> kOffsetShift};
}

F2fsInode read_f2fs_inode(std::span<const std::byte> block,
                          bool flexible_inline_attributes) {
  constexpr std::uint32_t kInlineAttributeWords = 50;
  constexpr std::uint32_t kCompressed = 0x4;
  F2fsInode inode;
  inode.mode = static_cast<std::uint16_t>(number(block, 0, 2));
  inode.compressed = (word(block, 80) & kCompressed) != 0;
  const std::uint64_t flags = number(block, 3, 1);
  const bool extra = (flags & kExtraFields) != 0;
  const auto extra_words =
      extra ? static_cast<std::uint32_t>(number(block, kAddresses, 2) / 4) : 0;
  std::uint32_t attribute_words =
      (flags & kInlineAttributes) != 0 ? kInlineAttributeWords : 0;
  if (extra && flexible_inline_attributes) {
    attribute_words = static_cast<std::uint32_t>(number(block, kAddresses + 2, 2));
  } else if ((flags & kInlineEntries) != 0) {
    attribute_words = kInlineAttributeWords;  // their room is kept in any case
  }
  if (extra_words + attribute_words >= kMostAddresses) {
    return inode;
  }
  inode.address_count = kMostAddresses - extra_words - attribute_words;
  const std::size_t begin = kAddresses + std::size_t{extra_words} * 4;
  if ((flags & kInlineEntries) != 0) {
    constexpr std::size_t kSlotBits = (kEntryBytes + kSlotBytes) * 8 + 1;
    const std::size_t room = (std::size_t{inode.address_count} - 1) * 4;
    const std::size_t slots = room * 8 / kSlotBits;
    const std::size_t used = (slots + 7) / 8 + slots * (kEntryBytes + kSlotBytes);
    inode.entries = read_entries(block.subspan(begin + 4, room), slots, room - used);
  } else if ((flags & kInlineData) == 0) {
    for (std::uint32_t i = 0; i < inode.address_count; ++i) {
      inode.addresses.push_back(word(block, begin + std::size_t{i} * 4));
    }
  }
  return inode;
}

std::vector<std::uint32_t> read_f2fs_addresses(std::span<const std::byte> block) {
  std::vector<std::uint32_t> addresses;
  for (std::size_t i = 0; i < f2fs::kNodeAddresses; ++i) {
    addresses.push_back(word(block, i * 4));
  }
  return addresses;
}

std::vector<F2fsEntry> read_f2fs_directory(std::span<const std::byte> block) {
  constexpr std::size_t kSlots = 214;
  constexpr std::size_t kReserved = 3;
  return read_entries(block, kSlots, kReserved);
}

// Nodes of a file are counted from the inode, 0: two with addresses, an indirect one with
// its 1018, another such, and one of a level more.
std::optional<std::uint64_t> f2fs_first_block(std::uint32_t node_offset,
                                              std::uint32_t inode_addresses) {
  constexpr std::uint64_t kNids = f2fs::kNodeAddresses;
  constexpr std::uint64_t kFirstIndirect = 3;
  constexpr std::uint64_t kSecondIndirect = kFirstIndirect + kNids + 1;
  constexpr std::uint64_t kDoubleIndirect = kSecondIndirect + kNids + 1;
  constexpr std::uint64_t kEnd = kDoubleIndirect + 1 + kNids * (kNids + 1);
  const std::uint64_t offset = node_offset;
  if (offset == 0) {
    return 0;
  }
  if (offset == kFirstIndirect || offset == kSecondIndirect ||
      offset == kDoubleIndirect || offset >= kEnd) {
    return std::nullopt;
  }
  std::uint64_t before = 1;  // nodes that have no addresses of blocks
  if (offset > kDoubleIndirect) {
    const std::uint64_t below = offset - kDoubleIndirect - 1;
    if (below % (kNids + 1) == 0) {
      return std::nullopt;
    }
    before = 5 + below / (kNids + 1);
  } else if (offset > kSecondIndirect) {
    before = 3;
  } else if (offset > kFirstIndirect) {
    before = 2;
  }
  return inode_addresses + (offset - before) * kNids;
}

}  // namespace powercut
