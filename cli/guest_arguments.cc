// SPDX-License-Identifier: GPL-2.0-only

#include "cli/guest_arguments.h"

#include "device/guest/module_build.h"
#include "device/guest/source_module.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace powercut {

namespace {

using Texts = std::vector<std::string>;

GuestAccel parse_accel(const std::string& text) {
  if (text == "tcg") {
    return GuestAccel::kTcg;
  }
  if (text == "kvm") {
    return GuestAccel::kKvm;
  }
  if (text != "auto") {
    throw Failure(Error{ErrorKind::kUsage, fmt::format("no accelerator '{}'", text),
                        "--accel is auto, tcg or kvm"});
  }
  return GuestAccel::kAuto;
}

// --module KO[=PARAMETERS]
GuestModule parse_module(const std::string& text) {
  const std::size_t end = text.find(".ko=");
  if (end == std::string::npos) {
    return {text, ""};
  }
  return {text.substr(0, end + 3), text.substr(end + 4)};
}

// --build-module NAME[:EDIT]. A module whose name is there already does not load, and the
// guest would say nothing of it.
void add_built_modules(const Texts& texts, GuestOptions& options) {
  if (texts.empty()) {
    return;
  }
  const KernelChoice kernel =
      value_or_throw(choose_kernel(options.kernel, options.modules));
  for (const std::string& text : texts) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string name = text.substr(0, colon);
    const auto same = [&](const std::string& other) {
      return module_name(other) == module_name(name);
    };
    const auto same_file = [&](const GuestModule& other) {
      return same(value_or_throw(module_info_of(other.file))["name"]);
    };
    if (std::ranges::any_of(options.load, same) ||
        std::ranges::any_of(options.extra_modules, same_file)) {
      throw Failure(Error{ErrorKind::kUsage,
                          fmt::format("two modules {} for one guest", name),
                          "--build-module builds the module and loads it: leave out the "
                          "other --load, --module or --build-module of that name"});
    }
    options.extra_modules.push_back(
        {value_or_throw(build_source_module(
             name, text.substr(std::min(colon + 1, text.size())), kernel.modules)),
         ""});
  }
}

// --copy HOST[:GUEST]
GuestFile parse_copy(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) {
    return {text, {}};
  }
  GuestFile file{text.substr(0, colon), text.substr(colon + 1)};
  if (!file.guest.is_absolute()) {
    throw Failure(
        Error{ErrorKind::kUsage,
              fmt::format("--copy {}: the path in the guest begins with /", text),
              {}});
  }
  return file;
}

constexpr std::size_t kMaxScriptBytes = 1 << 20;

// Programs of PATH that a script, or an argument that may be one, names by a word.
void add_named_programs(const std::string& text, GuestOptions& options) {
  constexpr const char* kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = text.find_first_of(kLetters, at);
    if (start == std::string::npos) {
      return;
    }
    at = std::min(text.find_first_not_of(kLetters, start), text.size());
    const std::string word = text.substr(start, at - start);
    if (word != "powercut" && std::ranges::count(options.programs, word) == 0 &&
        find_program(word)) {
      options.programs.push_back(word);
    }
  }
}

void add_programs_of_script(const std::filesystem::path& file, GuestOptions& options) {
  std::ifstream stream(file, std::ios::binary);
  std::string text(kMaxScriptBytes, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.starts_with("#!")) {
    add_named_programs(text, options);
  }
}

}  // namespace

void add_command_files(std::vector<std::string>& command, GuestOptions& options) {
  for (std::size_t i = 0; i < command.size(); ++i) {
    std::error_code ignored;
    const bool is_path = i > 0 || command[i].find('/') != std::string::npos;
    if (is_path && std::filesystem::is_regular_file(command[i], ignored)) {
      const std::filesystem::path path =
          std::filesystem::absolute(command[i]).lexically_normal();
      add_programs_of_script(path, options);
      command[i] = path;
      if (i == 0) {
        options.programs.push_back(path);
      } else {
        options.files.push_back({path, {}});
      }
    } else {
      add_named_programs(command[i], options);
    }
  }
}

void add_guest_options(po::options_description& options, const char* memory) {
  options.add_options()("kernel", po::value<std::string>(),
                        "kernel image, or the tree it was built in (none: the newest of "
                        "this machine)")(
      "modules", po::value<std::string>(),
      "its modules: /lib/modules/VERSION or the tree it was built in")(
      "accel", po::value<std::string>()->default_value("auto"),
      "auto (KVM if a guest came up with it), tcg or kvm")(
      memory, po::value<std::uint64_t>()->default_value(512),
      "MiB of memory of the guest")("cpus", po::value<unsigned>()->default_value(2),
                                    "processors")("load", po::value<Texts>(),
                                                  "a module of the kernel to load")(
      "module", po::value<Texts>(),
      "KO[=PARAMETERS]: another module to load, built for that kernel")(
      "build-module", po::value<Texts>(),
      "NAME[:EDIT]: a target to build from the kernel's source and load; EDIT puts a "
      "known fault back: dm-clone[:no-destination-flush], dm-thin-pool[:no-data-flush]")(
      "with", po::value<Texts>(), "a program to have in the guest")(
      "copy", po::value<Texts>(),
      "HOST[:GUEST]: a file or directory to copy into the guest")(
      "console", po::value<std::string>(), "what the guest's console says goes here");
}

std::vector<std::string> arguments_list(const Arguments& arguments,
                                        const std::string& name) {
  return arguments.has(name) ? arguments.values[name].as<Texts>() : Texts{};
}

GuestOptions guest_machine(const Arguments& arguments, const char* memory) {
  GuestOptions options;
  options.kernel = arguments.text("kernel");
  options.modules = arguments.text("modules");
  options.accel = parse_accel(arguments.text("accel"));
  options.memory_mib = arguments.values[memory].as<std::uint64_t>();
  options.cpus = arguments.values["cpus"].as<unsigned>();
  options.load = arguments_list(arguments, "load");
  options.programs = arguments_list(arguments, "with");
  options.console = arguments.text("console");
  if (options.cpus == 0 || options.cpus > 255 || options.memory_mib < 128) {
    throw Failure(Error{ErrorKind::kUsage,
                        fmt::format("a guest of {} processors and {} MiB", options.cpus,
                                    options.memory_mib),
                        "it has 1 to 255 processors and at least 128 MiB"});
  }
  for (const std::string& module : arguments_list(arguments, "module")) {
    options.extra_modules.push_back(parse_module(module));
  }
  add_built_modules(arguments_list(arguments, "build-module"), options);
  for (const std::string& copy : arguments_list(arguments, "copy")) {
    options.files.push_back(parse_copy(copy));
  }
  return options;
}

void add_log_writes(GuestOptions& options) {
  const KernelChoice kernel =
      value_or_throw(choose_kernel(options.kernel, options.modules));
  options.extra_modules.push_back({value_or_throw(build_log_writes(kernel.modules)), ""});
}

}  // namespace powercut
