// SPDX-License-Identifier: GPL-2.0-only

#include "replay/change_list.h"

#include "base/fd.h"
#include "base/units.h"
#include "replay/change_list_parts.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

namespace powercut {

std::vector<std::string> words_of_line(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  std::vector<std::string> words;
  line = line.substr(0, line.find('#'));
  for (std::size_t at = line.find_first_not_of(kBlanks); at != std::string_view::npos;
       at = line.find_first_not_of(kBlanks, at)) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, at), line.size());
    words.emplace_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

tl::unexpected<Error> bad_line(const ChangeListOptions& options, std::size_t line,
                               const std::string& problem, std::string right) {
  return fail(ErrorKind::kBadInput, fmt::format("{}:{}: {}", options.name, line, problem),
              std::move(right));
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const std::from_chars_result parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) {
    return std::nullopt;
  }
  return value;
}

Status ListedRanges::beyond(std::size_t line, std::uint64_t begin,
                            std::uint64_t length) const {
  const std::uint64_t units = (options_.device_bytes + unit_bytes_ - 1) / unit_bytes_;
  return bad_line(
      options_, line,
      fmt::format("the range {}+{} ({}) reaches beyond the end of the device", begin,
                  length, unit_bytes_ == 1 ? "bytes" : "blocks"),
      unit_bytes_ == 1
          ? fmt::format("the device has {} bytes: is it this device's list?",
                        options_.device_bytes)
          : fmt::format("the device has {} bytes, which is {} blocks of {} bytes: is it "
                        "this device's list, and is that the size of its blocks?",
                        options_.device_bytes, units, unit_bytes_));
}

bool is_granularity(std::uint64_t bytes) {
  constexpr std::uint64_t kSectorBytes = 512;
  constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 42;
  return bytes != 0 && bytes % kSectorBytes == 0 && bytes <= kMostBytes;
}

Status ListedRanges::check(std::size_t line, std::uint64_t begin,
                           std::uint64_t length) const {
  if (length == 0) {
    return bad_line(options_, line, "a range of nothing",
                    "a range has one byte or block at the least");
  }
  const std::uint64_t block =
      unit_bytes_ > 1 ? unit_bytes_
                      : std::max<std::uint64_t>(options_.granularity_bytes, 1);
  const std::uint64_t size = options_.device_bytes;
  if (begin > size / unit_bytes_ || begin * unit_bytes_ >= size ||
      length > (size + block - 1) / unit_bytes_) {
    return beyond(line, begin, length);
  }
  const std::uint64_t first = begin * unit_bytes_;
  const std::uint64_t end = first + length * unit_bytes_;
  // The last block of a device may reach over its end.
  if (end >= size + block) {
    return beyond(line, begin, length);
  }
  if (first % block != 0 || (end % block != 0 && end != size)) {
    return bad_line(options_, line,
                    fmt::format("the range {}+{} is not made of whole blocks of {} bytes",
                                begin, length, block),
                    "a range of a list begins and ends at multiples of the granularity, "
                    "or at the end of the device");
  }
  return {};
}

Status ListedRanges::add(std::size_t line, std::uint64_t begin, std::uint64_t length) {
  PC_RETURN_IF_ERROR(check(line, begin, length));
  const std::uint64_t first = begin * unit_bytes_;
  ranges_.push_back(
      {first, std::min(first + length * unit_bytes_, options_.device_bytes)});
  return {};
}

Result<ChangeList> parse_ranges(std::string_view text, const ChangeListOptions& options) {
  const std::string right =
      "a line is OFFSET LENGTH in bytes, each with or without K, M, G or T: 64K 4096";
  ListedRanges ranges(options, 1);
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::vector<std::string> words = words_of_line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.empty()) {
      continue;
    }
    if (words.size() != 2) {
      return bad_line(options, number, fmt::format("{} words, not two", words.size()),
                      right);
    }
    std::array<std::uint64_t, 2> values{};
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Result<std::uint64_t> value = parse_bytes(words[i]);
      if (!value) {
        return bad_line(options, number, value.error().message, right);
      }
      values[i] = *value;
    }
    PC_RETURN_IF_ERROR(ranges.add(number, values[0], values[1]));
  }
  return ChangeList{ranges.take(), options.granularity_bytes};
}

Result<ChangeListFormat> parse_change_list_format(const std::string& name) {
  constexpr std::array<std::pair<std::string_view, ChangeListFormat>, 4> kNames = {
      {{"ranges", ChangeListFormat::kRanges},
       {"era", ChangeListFormat::kEra},
       {"thin-delta", ChangeListFormat::kThinDelta},
       {"qemu-bitmap", ChangeListFormat::kQemuBitmap}}};
  for (const std::pair<std::string_view, ChangeListFormat>& known : kNames) {
    if (known.first == name) {
      return known.second;
    }
  }
  return fail(ErrorKind::kUsage, fmt::format("no format '{}'", name),
              "--format is ranges, era, thin-delta or qemu-bitmap");
}

Result<std::string> read_change_list_file(const std::filesystem::path& path) {
  constexpr std::size_t kMostBytes = std::size_t{1} << 30;
  constexpr std::size_t kPiece = std::size_t{1} << 16;
  PC_ASSIGN_OR_RETURN(Fd fd, Fd::open(path, O_RDONLY));
  std::string text;
  for (;;) {
    const std::size_t have = text.size();
    text.resize(have + kPiece);
    const ssize_t count = ::read(fd.get(), text.data() + have, kPiece);
    if (count < 0 && errno != EINTR) {
      return fail(system_error(fmt::format("cannot read {}", path.string()), errno));
    }
    text.resize(have + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0) {
      return text;
    }
    if (text.size() > kMostBytes) {
      return fail(ErrorKind::kBadInput,
                  fmt::format("{} has more than {} bytes", path.string(), kMostBytes),
                  "a list of changed blocks is text, and shorter");
    }
  }
}

Result<ChangeList> parse_change_list(ChangeListFormat format, std::string_view text,
                                     const ChangeListOptions& options) {
  if (options.granularity_bytes != 0 && !is_granularity(options.granularity_bytes)) {
    return fail(ErrorKind::kUsage,
                fmt::format("{} bytes are no size of a tracker's blocks",
                            options.granularity_bytes),
                "--granularity is a multiple of 512, and at most 4T");
  }
  switch (format) {
    case ChangeListFormat::kRanges:
      return parse_ranges(text, options);
    case ChangeListFormat::kEra:
      return parse_era(text, options);
    case ChangeListFormat::kThinDelta:
      return parse_thin_delta(text, options);
    case ChangeListFormat::kQemuBitmap:
      break;
  }
  return parse_qemu_bitmap(text, options);
}

}  // namespace powercut
