// SPDX-License-Identifier: GPL-2.0-only

#include "cli/arguments.h"

#include "base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <string_view>

namespace powercut {

namespace {

constexpr std::string_view kMany = "...";

void print_help(const Command& command, const po::options_description& options) {
  std::ostringstream listed;
  listed << options;
  fmt::print("usage: powercut {} {}\n\n{}\n\n{}{}", command.name, command.synopsis,
             command.summary, command.details, listed.str());
}

[[noreturn]] void usage(const Command& command, const std::string& message) {
  throw Failure(Error{ErrorKind::kUsage, message,
                      fmt::format("see powercut {} --help", command.name)});
}

}  // namespace

Arguments parse_arguments(const Command& command, const po::options_description& options,
                          const std::vector<std::string>& positional,
                          const std::vector<std::string>& arguments, bool takes_command) {
  Arguments result;
  std::vector<std::string> own = arguments;
  if (takes_command) {
    auto dashes = std::find(own.begin(), own.end(), "--");
    if (dashes != own.end()) {
      result.command.assign(dashes + 1, own.end());
      own.erase(dashes, own.end());
    }
  }
  po::options_description visible("Options");
  visible.add(options);
  visible.add_options()("help,h", "print this");
  if (std::find(own.begin(), own.end(), "--help") != own.end() ||
      std::find(own.begin(), own.end(), "-h") != own.end()) {
    print_help(command, visible);
    throw HelpGiven{};
  }
  for (const std::string& word : own) {
    // Boost would read -1 as a number of twenty digits; no verb takes one below zero.
    std::size_t minus = word.starts_with("--") ? word.find("=-") + 1 : 0;
    if (word.size() > minus + 1 && word[minus] == '-' && word[minus + 1] >= '0' &&
        word[minus + 1] <= '9') {
      usage(command, fmt::format("{}: {} is below zero", command.name, word));
    }
  }
  po::options_description all;
  all.add(visible);
  po::positional_options_description places;
  for (const std::string& name : positional) {
    if (name.ends_with(kMany)) {
      const std::string one = name.substr(0, name.size() - kMany.size());
      all.add_options()(one.c_str(), po::value<std::vector<std::string>>());
      places.add(one.c_str(), -1);
    } else {
      all.add_options()(name.c_str(), po::value<std::string>());
      places.add(name.c_str(), 1);
    }
  }
  try {
    po::parsed_options parsed = po::command_line_parser(own)
                                    .options(all)
                                    .positional(places)
                                    .style(po::command_line_style::unix_style &
                                           ~po::command_line_style::allow_guessing)
                                    .run();
    po::store(parsed, result.values);
    po::notify(result.values);
  } catch (const po::too_many_positional_options_error&) {
    usage(command, fmt::format("{}: too many arguments", command.name));
  } catch (const po::error& error) {
    usage(command, fmt::format("{}: {}", command.name, error.what()));
  }
  for (const std::string& name : positional) {
    if (!name.ends_with(kMany) && !result.has(name)) {
      usage(command, fmt::format("{}: {} is missing", command.name, name));
    }
  }
  return result;
}

}  // namespace powercut
