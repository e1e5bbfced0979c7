// SPDX-License-Identifier: GPL-2.0-only
//
// Parses a verb's arguments with Boost.Program_options, and answers --help.

#pragma once

#include "cli/command.h"

#include <boost/program_options.hpp>

#include <string>
#include <vector>

namespace powercut {

namespace po = boost::program_options;

struct Arguments {
  po::variables_map values;
  // What stood behind "--", for verbs that run a command.
  std::vector<std::string> command;

  bool has(const std::string& name) const { return values.count(name) != 0; }

  std::string text(const std::string& name, const std::string& otherwise = "") const {
    return has(name) ? values[name].as<std::string>() : otherwise;
  }
};

// What --help asked for was printed; caught in main.cc and ends with 0.
struct HelpGiven {};

// `options` are the visible ones; `positional` names, in order, the arguments without a
// dash (each takes one, all are required); a last one "NAME..." takes any number, or
// none, as a vector of strings under NAME. Throws Failure of kind kUsage.
Arguments parse_arguments(const Command& command, const po::options_description& options,
                          const std::vector<std::string>& positional,
                          const std::vector<std::string>& arguments,
                          bool takes_command = false);

}  // namespace powercut
