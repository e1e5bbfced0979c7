// SPDX-License-Identifier: GPL-2.0-only
//
// Kernel versions and ranges of scenario.h.

#include "workload/scenario.h"
#include "workload/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace powercut {

namespace {

constexpr std::uint32_t kLargest = std::numeric_limits<std::uint32_t>::max();

// Numbers with dots between, at the begin of `text`, which is cut to what is behind.
// Nothing if there is none, or one too large.
std::vector<std::uint32_t> take_numbers(std::string_view& text) {
  std::vector<std::uint32_t> numbers;
  std::string_view rest = text;
  while (numbers.size() < 3) {
    std::uint32_t number = 0;
    const auto [end, error] =
        std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error == std::errc::result_out_of_range || number == kLargest) {
      return {};
    }
    if (error != std::errc()) {
      break;
    }
    numbers.push_back(number);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    text = rest;
    if (!rest.starts_with('.')) {
      break;
    }
    rest.remove_prefix(1);
  }
  return numbers;
}

KernelVersion version_of(const std::vector<std::uint32_t>& numbers,
                         std::uint32_t missing) {
  KernelVersion version;
  version.numbers.fill(missing);
  std::copy(numbers.begin(), numbers.end(), version.numbers.begin());
  return version;
}

tl::unexpected<Error> no_range(std::string_view text) {
  return fail(ErrorKind::kUsage, fmt::format("{} is no range of kernels", shown(text)),
              "6.1, 6.1-6.6, -5.15 or 6.7-; both ends belong to it");
}

std::string to_text(const KernelVersion& version, std::uint32_t missing) {
  std::size_t count = version.numbers.size();
  while (count > 1 && version.numbers.at(count - 1) == missing) {
    --count;
  }
  return fmt::format(
      "{}", fmt::join(version.numbers.begin(),
                      version.numbers.begin() + static_cast<std::ptrdiff_t>(count), "."));
}

}  // namespace

Result<KernelVersion> parse_kernel_version(std::string_view text) {
  std::string_view rest = text;
  const std::vector<std::uint32_t> numbers = take_numbers(rest);
  // Whatever stands behind three numbers is of the distribution.
  const bool good = !numbers.empty() &&
                    (rest.empty() || rest.front() == '-' || rest.front() == '+' ||
                     rest.front() == '_' || (numbers.size() == 3 && rest.front() == '.'));
  if (!good) {
    return fail(ErrorKind::kUsage,
                fmt::format("{} is no version of a kernel", shown(text)),
                "as uname -r prints it: 6.1.0-56-cloud-amd64");
  }
  return version_of(numbers, 0);
}

bool KernelRange::holds(const KernelVersion& version) const {
  return (!first || *first <= version) && (!last || version <= *last);
}

Result<KernelRange> parse_kernel_range(std::string_view text) {
  KernelRange range;
  if (text.empty()) {
    return range;
  }
  std::string_view rest = text;
  const std::vector<std::uint32_t> first = take_numbers(rest);
  if (!first.empty()) {
    range.first = version_of(first, 0);
  }
  if (rest.empty() && !first.empty()) {
    range.last = version_of(first, kLargest);
    return range;
  }
  if (!rest.starts_with('-')) {
    return no_range(text);
  }
  rest.remove_prefix(1);
  if (!rest.empty()) {
    const std::vector<std::uint32_t> last = take_numbers(rest);
    if (last.empty() || !rest.empty()) {
      return no_range(text);
    }
    range.last = version_of(last, kLargest);
  }
  if (!range.first && !range.last) {
    return no_range(text);
  }
  if (range.first && range.last && *range.last < *range.first) {
    return fail(ErrorKind::kUsage,
                fmt::format("no kernel is in the range {}", shown(text)),
                "the older one comes first");
  }
  return range;
}

std::string to_text(const KernelRange& range) {
  const std::string first = range.first ? to_text(*range.first, 0) : "";
  const std::string last = range.last ? to_text(*range.last, kLargest) : "";
  return first.empty() && last.empty() ? "" : fmt::format("{}-{}", first, last);
}

std::string kernel_text(std::string_view release, std::string_view build) {
  constexpr std::string_view kDebian = " Debian ";
  const std::size_t at = build.find(kDebian);
  if (at != std::string_view::npos) {
    const std::string_view rest = build.substr(at + kDebian.size());
    const std::string_view version =
        rest.substr(0, rest.find_first_not_of("0123456789."));
    if (!version.empty() && parse_kernel_version(version)) {
      return std::string(version) + " (" + std::string(release) + ")";
    }
  }
  return std::string(release);
}

}  // namespace powercut
