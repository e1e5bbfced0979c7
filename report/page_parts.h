// SPDX-License-Identifier: GPL-2.0-only
//
// The files of report/page/, put into the program by cmake/EmbedPage.cmake.

#pragma once

#include <string_view>

namespace powercut {

extern const std::string_view kPageHtml;
extern const std::string_view kPageCss;
extern const std::string_view kPageJs;
// SHA-256 in hex, by which the page's policy knows its own style and script.
extern const std::string_view kPageHtmlSha256;
extern const std::string_view kPageCssSha256;
extern const std::string_view kPageJsSha256;

}  // namespace powercut
