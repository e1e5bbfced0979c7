// SPDX-License-Identifier: GPL-2.0-only

#include "workload/scenario.h"

#include "base/units.h"
#include "replay/crash_model.h"
#include "workload/scenario_lines.h"
#include "workload/scenario_rules.h"
#include "workload/stack_disk.h"
#include "workload/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

namespace powercut {

namespace {

constexpr std::size_t kMostFileBytes = 16U << 20;
const std::vector<std::string> kFileSystems = {"ext4", "xfs",  "btrfs", "f2fs",
                                               "ext2", "vfat", "none"};
const std::vector<std::string> kBlocks = {"workload", "script", "verify", "stack"};

Status bad(std::string message, std::string hint = {}) {
  return fail(ErrorKind::kUsage, std::move(message), std::move(hint));
}

// Reads the directives of one file. Readers of one directive return errors without a
// place, but those that read words; read() adds it.
class ScenarioReader {
 public:
  explicit ScenarioReader(const std::filesystem::path& path)
      : name_(path.empty() ? "scenario" : path.filename().string()) {
    scenario_.path = path;
    scenario_.name =
        path.extension() == ".scenario" ? path.stem().string() : path.filename().string();
  }

  Result<Scenario> read(std::string_view text) {
    PC_ASSIGN_OR_RETURN(const std::vector<Directive> directives,
                        read_directives(text, name_, kBlocks));
    for (const Directive& directive : directives) {
      place_ = {name_, directive.line};
      PC_RETURN_IF_ERROR(read_one(directive));
    }
    PC_RETURN_IF_ERROR(check_scenario(scenario_, seen_, name_));
    if (!scenario_.disks.empty()) {
      scenario_.file_system = "none";
    }
    return std::move(scenario_);
  }

 private:
  using Reader = Status (ScenarioReader::*)(const Directive&);

  struct Entry {
    const char* name;
    Reader read;
    bool may_be_repeated = false;
  };

  static const std::vector<Entry>& entries() {
    static const std::vector<Entry> all = {
        {"about", &ScenarioReader::read_about, true},
        {"source", &ScenarioReader::read_source, true},
        {"needs", &ScenarioReader::read_needs, true},
        {"fs", &ScenarioReader::read_fs},
        {"size", &ScenarioReader::read_size},
        {"block", &ScenarioReader::read_block_bytes},
        {"latency", &ScenarioReader::read_latency},
        {"mkfs", &ScenarioReader::read_mkfs},
        {"mount", &ScenarioReader::read_mount},
        {"checker", &ScenarioReader::read_checker},
        {"promise", &ScenarioReader::read_promise, true},
        {"atomic", &ScenarioReader::read_atomic},
        {"model", &ScenarioReader::read_model},
        {"fault", &ScenarioReader::read_fault},
        {"depth", &ScenarioReader::read_depth},
        {"recovery-fault", &ScenarioReader::read_fault},
        {"disk", &ScenarioReader::read_disk, true},
        {"module", &ScenarioReader::read_module, true},
        {"build", &ScenarioReader::read_build, true},
        {"recorder", &ScenarioReader::read_choice_of_stack},
        {"states", &ScenarioReader::read_choice_of_stack},
        {"tier", &ScenarioReader::read_choice_of_stack},
        {"expect", &ScenarioReader::read_expect, true},
        {"stack", &ScenarioReader::read_stack},
        {"workload", &ScenarioReader::read_workload},
        {"script", &ScenarioReader::read_script},
        {"verify", &ScenarioReader::read_verify},
    };
    return all;
  }

  Status read_one(const Directive& directive) {
    const std::vector<Entry>& all = entries();
    auto entry = std::find_if(all.begin(), all.end(), [&](const Entry& each) {
      return each.name == directive.name;
    });
    if (entry == all.end()) {
      return unknown(directive.name);
    }
    if (!seen_.insert(directive.name).second && !entry->may_be_repeated) {
      return fail_at(place_, fmt::format("'{}' twice", directive.name));
    }
    if (!directive.block && directive.rest.empty()) {
      return fail_at(place_,
                     fmt::format("'{}' without a word behind it", directive.name));
    }
    Status status = (this->*entry->read)(directive);
    if (!status && !status.error().message.starts_with(name_ + ":")) {
      return fail(at_place(place_, std::move(status).error()));
    }
    return status;
  }

  Status unknown(const std::string& word) {
    std::vector<std::string> names;
    for (const Entry& each : entries()) {
      names.emplace_back(each.name);
    }
    const std::string near = nearest_word(word, names);
    return fail_at(place_, fmt::format("unknown directive {}", shown(word)),
                   near.empty() ? fmt::format("there are: {}", fmt::join(names, " "))
                                : fmt::format("did you mean {}?", near));
  }

  Result<std::vector<Word>> words_of(const Directive& directive) {
    return read_plain_words(directive.rest, place_);
  }

  // The one word of a directive.
  Status read_word(const Directive& directive, std::string& out) {
    PC_ASSIGN_OR_RETURN(const std::vector<Word> words, words_of(directive));
    if (words.size() != 1 || words[0].text.empty()) {
      return bad(fmt::format("{}: one word is wanted, not {}", directive.name,
                             shown(directive.rest)));
    }
    out = words[0].text;
    return {};
  }

  Status read_about(const Directive& directive) {
    scenario_.about +=
        fmt::format("{}{}", scenario_.about.empty() ? "" : "\n", directive.rest);
    return {};
  }

  Status read_source(const Directive& directive) {
    scenario_.sources.push_back(directive.rest);
    return {};
  }

  Status read_needs(const Directive& directive) {
    std::string word;
    PC_RETURN_IF_ERROR(read_word(directive, word));
    scenario_.needs.push_back(word);
    return {};
  }

  Status read_fs(const Directive& directive) {
    std::string word;
    PC_RETURN_IF_ERROR(read_word(directive, word));
    PC_RETURN_IF_ERROR(check_file_system(word));
    scenario_.file_system = word;
    return {};
  }

  Status read_size(const Directive& directive) {
    PC_ASSIGN_OR_RETURN(scenario_.size_bytes, parse_bytes(directive.rest));
    if (scenario_.size_bytes == 0 || scenario_.size_bytes % 4096 != 0) {
      return bad(fmt::format("a disk of {} bytes", scenario_.size_bytes),
                 "a multiple of 4096");
    }
    return {};
  }

  Status read_block_bytes(const Directive& directive) {
    PC_ASSIGN_OR_RETURN(const std::uint64_t bytes, parse_bytes(directive.rest));
    if (bytes != 512 && bytes != 1024 && bytes != 2048 && bytes != 4096) {
      return bad(fmt::format("a block of {} bytes", bytes), "512, 1024, 2048 or 4096");
    }
    scenario_.block_bytes = static_cast<std::uint32_t>(bytes);
    return {};
  }

  Status read_latency(const Directive& directive) {
    constexpr std::uint64_t kLongest = 1000;
    PC_ASSIGN_OR_RETURN(const std::uint64_t milliseconds, parse_bytes(directive.rest));
    if (milliseconds > kLongest) {
      return bad(fmt::format("a latency of {} ms", milliseconds), "0 to 1000");
    }
    scenario_.latency_ms = static_cast<std::uint32_t>(milliseconds);
    return {};
  }

  Status read_mkfs(const Directive& directive) {
    PC_ASSIGN_OR_RETURN(const std::vector<Word> words, words_of(directive));
    for (const Word& word : words) {
      scenario_.mkfs_options.push_back(word.text);
    }
    return {};
  }

  Status read_mount(const Directive& directive) {
    return read_word(directive, scenario_.mount_options);
  }

  Status read_checker(const Directive& directive) {
    scenario_.checker = directive.rest;
    return {};
  }

  Status read_promise(const Directive& directive) {
    std::string word;
    PC_RETURN_IF_ERROR(read_word(directive, word));
    const bool has_sign = word[0] == '+' || word[0] == '-';
    const std::string name = word.substr(has_sign ? 1 : 0);
    const bool good = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
    if (!good) {
      return bad(fmt::format("{} is no promise", shown(word)),
                 "a name with + or - before it: +replace-via-rename");
    }
    scenario_.promises.push_back(fmt::format("{}{}", has_sign ? word[0] : '+', name));
    return {};
  }

  Status read_atomic(const Directive& directive) {
    PC_RETURN_IF_ERROR(read_word(directive, scenario_.atomic));
    if (scenario_.atomic == "block" || scenario_.atomic == "write") {
      return {};
    }
    const Result<std::uint64_t> bytes = parse_bytes(scenario_.atomic);
    const bool power =
        bytes && *bytes >= 512 && *bytes <= 65536 && (*bytes & (*bytes - 1)) == 0;
    return power ? Status{}
                 : bad(fmt::format("cannot take {} as the atomic unit",
                                   shown(scenario_.atomic)),
                       "block, write, or a power of two from 512 to 65536");
  }

  Status read_model(const Directive& directive) {
    PC_RETURN_IF_ERROR(read_word(directive, scenario_.model));
    const Result<DeviceModel> model = parse_device_model(scenario_.model);
    return model ? Status{} : fail(model.error());
  }

  // Of the disk, or of the one that recovery writes to.
  Status read_fault(const Directive& directive) {
    std::string& word =
        directive.name == "fault" ? scenario_.fault : scenario_.recovery_fault;
    PC_RETURN_IF_ERROR(read_word(directive, word));
    const Result<FaultModel> fault = parse_fault(word);
    return fault ? Status{} : fail(fault.error());
  }

  Status read_depth(const Directive& directive) {
    if (directive.rest != "1" && directive.rest != "2") {
      return bad(fmt::format("a depth of {}", shown(directive.rest)),
                 "1, or 2 for power cuts during recovery too");
    }
    scenario_.depth = directive.rest == "2" ? 2 : 1;
    return {};
  }

  Status read_expect(const Directive& directive) {
    static const std::string usage =
        "expect clean [kernel RANGE], or expect finding [\"TEXT\"] [kernel RANGE]";
    PC_ASSIGN_OR_RETURN(const std::vector<Word> words, words_of(directive));
    Expectation expectation;
    if (words[0].quoted || (words[0].text != "clean" && words[0].text != "finding")) {
      return bad(fmt::format("nobody can expect {}", shown(words[0].text)), usage);
    }
    expectation.finding = words[0].text == "finding";
    std::size_t at = 1;
    if (expectation.finding && at < words.size() && words[at].quoted) {
      expectation.text = words[at++].text;
    }
    if (at + 1 < words.size() && !words[at].quoted && words[at].text == "kernel") {
      PC_ASSIGN_OR_RETURN(expectation.kernels, parse_kernel_range(words[at + 1].text));
      at += 2;
    }
    if (at != words.size()) {
      return bad(fmt::format("expect: {} is too much", shown(words[at].text)), usage);
    }
    const std::vector<Expectation>& before = scenario_.expectations;
    if (!before.empty() && before.back().kernels == KernelRange{}) {
      return bad("expect: never used, for the one before is for every kernel",
                 "put those with a range first");
    }
    scenario_.expectations.push_back(expectation);
    return {};
  }

  Status read_workload(const Directive& directive) {
    PC_ASSIGN_OR_RETURN(scenario_.workload,
                        parse_workload(*directive.block, {name_, directive.block_line}));
    if (scenario_.workload.operations.empty()) {
      return bad("a workload without an operation");
    }
    return {};
  }

  Status read_lines(const Directive& directive, std::string& out) {
    if (directive.block->find('\0') != std::string::npos) {
      return bad(fmt::format("a zero byte in the {}", directive.name));
    }
    out = without_indentation(*directive.block);
    if (out.find_first_not_of('\n') == std::string::npos) {
      return bad(fmt::format("{} without a command", directive.name));
    }
    return {};
  }

  Status read_script(const Directive& directive) {
    return read_lines(directive, scenario_.script);
  }

  Status read_verify(const Directive& directive) {
    return read_lines(directive, scenario_.verify);
  }

  Status read_stack(const Directive& directive) {
    return read_lines(directive, scenario_.stack);
  }

  Status read_disk(const Directive& directive) {
    PC_ASSIGN_OR_RETURN(const std::vector<Word> words, words_of(directive));
    PC_ASSIGN_OR_RETURN(StackDisk disk, read_stack_disk(words));
    const auto same = [&](const StackDisk& other) { return other.name == disk.name; };
    if (std::any_of(scenario_.disks.begin(), scenario_.disks.end(), same)) {
      return bad(fmt::format("two disks are called {}", shown(disk.name)));
    }
    scenario_.disks.push_back(std::move(disk));
    return {};
  }

  Status read_module(const Directive& directive) {
    std::string word;
    PC_RETURN_IF_ERROR(read_word(directive, word));
    scenario_.modules.push_back(word);
    return {};
  }

  Status read_build(const Directive& directive) {
    std::string word;
    PC_RETURN_IF_ERROR(read_word(directive, word));
    scenario_.builds.push_back(word);
    return {};
  }

  Status read_choice(const Directive& directive, const char* yes, const char* no,
                     bool& out) {
    std::string word;
    PC_RETURN_IF_ERROR(read_word(directive, word));
    if (word != yes && word != no) {
      return bad(fmt::format("{}: {}", directive.name, shown(word)),
                 fmt::format("{} or {}", yes, no));
    }
    out = word == yes;
    return {};
  }

  Status read_choice_of_stack(const Directive& directive) {
    return directive.name == "recorder"
               ? read_choice(directive, "observe", "bounce", scenario_.observe)
           : directive.name == "states"
               ? read_choice(directive, "live", "all", scenario_.live)
               : read_choice(directive, "inferred", "proved", scenario_.inferred);
  }

  std::string name_;
  Scenario scenario_;
  TextPlace place_;
  std::set<std::string> seen_;
};

}  // namespace

Status check_file_system(const std::string& name) {
  if (std::find(kFileSystems.begin(), kFileSystems.end(), name) != kFileSystems.end()) {
    return {};
  }
  const std::string near = nearest_word(name, kFileSystems);
  return bad(fmt::format("unknown file system {}", shown(name)),
             near.empty() ? fmt::format("one of: {}", fmt::join(kFileSystems, " "))
                          : fmt::format("did you mean {}?", near));
}

Expectation Scenario::expected_on(const KernelVersion& version) const {
  for (const Expectation& each : expectations) {
    if (each.kernels.holds(version)) {
      return each;
    }
  }
  return Expectation{};
}

Result<Scenario> parse_scenario(std::string_view text,
                                const std::filesystem::path& path) {
  return ScenarioReader(path).read(text);
}

Result<Scenario> read_scenario(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::error_code no_directory;
  if (!file || std::filesystem::is_directory(path, no_directory)) {
    return fail(ErrorKind::kUsage, fmt::format("cannot read {}", path.string()),
                "a file of docs/writing-a-scenario.md's format");
  }
  std::string text(kMostFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMostFileBytes) {
    return fail(ErrorKind::kUsage,
                fmt::format("{} is longer than {} bytes", path.string(), kMostFileBytes));
  }
  return parse_scenario(text, path);
}

}  // namespace powercut
