// SPDX-License-Identifier: GPL-2.0-only
//
// The timeline of a log, and what a check said of it, as one HTML file that needs nothing
// else: no network, no other file. What comes out of a log or a checker gets into the
// page as JSON that cannot end its element, and onto the screen as text; the page's
// policy allows no script but its own.

#pragma once

#include "report/timeline_data.h"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace powercut {

// A page is read whole by a browser.
constexpr std::size_t kMostWritesOfPage = 1000000;

struct PageContext {
  std::string log_path;
  std::string description;  // of the log
  std::string digest;
  std::string range;
  std::string model;
  std::string end;  // how the log ends
  bool by_time = false;
  std::vector<std::string> warnings;
  std::vector<nlohmann::ordered_json> checks;  // of read_check_file()
};

std::string html_page(const TimelineData& data, const PageContext& context);

// The data as it stands in the page; docs/report.md names its fields.
std::string page_json(const TimelineData& data, const PageContext& context);

}  // namespace powercut
