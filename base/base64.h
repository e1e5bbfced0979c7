// SPDX-License-Identifier: GPL-2.0-only
//
// Bytes as text of RFC 4648, section 4: four characters for three bytes, filled up with
// "=". For what must go through JSON and is no text.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace powercut {

std::string to_base64(std::string_view bytes);

// Nothing if the text is not what to_base64() writes of some bytes: no other characters,
// no blanks, and no bits behind the last byte.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace powercut
