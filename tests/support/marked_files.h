// SPDX-License-Identifier: GPL-2.0-only
//
// Files whose every sector says whose it is and where in the file: their owners can be
// told by searching an image for them.

#pragma once

#include "checkers/block_owner.h"
#include "tests/support/image_subject.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace powercut::test {

// "a sector 17;....", for each sector of 512 bytes.
inline std::string marked_bytes(const std::string& name, std::size_t sectors) {
  std::string bytes;
  for (std::size_t i = 0; i < sectors; ++i) {
    std::string sector = fmt::format("{} sector {};", name, i);
    sector.resize(512, '.');
    bytes += sector;
  }
  return bytes;
}

// What came of a search for all sectors of files with this mark.
struct FoundMarks {
  std::size_t found = 0;
  std::string wrong;  // the first whose owner is no file that begins with `owner`
};

inline FoundMarks find_marks(const Image& image, const BlockOwners& owners,
                             const std::string& name, const std::string& owner) {
  FoundMarks marks;
  const std::string bytes = image.read(0, image.size_bytes());
  const std::string mark = name + " sector ";
  for (std::size_t at = bytes.find(mark); at != std::string::npos;
       at = bytes.find(mark, at + 1)) {
    const std::uint64_t sector = std::stoull(bytes.substr(at + mark.size(), 8));
    const std::string text = owners.owner_of({at, at + 512});
    if (marks.wrong.empty() &&
        (!text.starts_with(owner) ||
         !text.ends_with(fmt::format(", byte {}", sector * 512)))) {
      marks.wrong = fmt::format("{} is sector {}, and told as {}", at, sector, text);
    }
    ++marks.found;
  }
  return marks;
}

}  // namespace powercut::test
