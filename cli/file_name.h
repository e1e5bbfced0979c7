// SPDX-License-Identifier: GPL-2.0-only
//
// Any text as the name of a file: what docs/mount.md says of the names of marks.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace powercut {

// The text with each byte that is no printable ASCII, and each of / % #, as %XX; also a
// dot in front, so that nothing is hidden. The empty text is "%". Of a name that would be
// longer than 200 bytes the beginning, and "%~".
std::string file_name_of(std::string_view text);

// The same of several texts, told apart: of equal names the second has "#2" behind it,
// and so on, which no text can have.
std::vector<std::string> file_names_of(const std::vector<std::string_view>& texts);

}  // namespace powercut
