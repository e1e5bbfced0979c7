// SPDX-License-Identifier: GPL-2.0-only
//
// powercut blocks: writes stamped blocks to a raw device, and looks for them later.

#include "base/run_id.h"
#include "base/signals.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/recorder.h"
#include "device/script_visit.h"
#include "device/stamped_blocks.h"
#include "scenarios/control_socket.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

namespace {

// What `blocks` was told, read once.
struct Call {
  std::string device;
  std::string name;  // before "block N" in labels and marks, with a blank; or empty
  BlockRange range;
  std::uint64_t generation = 1;
  std::set<BlockContent> contents;               // --as, or --initial
  std::string other;                             // compare: the other device
  std::optional<std::vector<BlockRange>> dirty;  // compare: what the stack's log calls so
  std::uint32_t block_bytes = 0;
  bool only_initial = false;
  bool marks = false;
  bool flush = false;
  bool mapped = false;              // scribble
  unsigned times = 0;               // scribble
  std::array<std::string, 2> legs;  // compare: what messages call the devices
};

std::string label(const Call& call, std::uint64_t block) {
  return fmt::format("{}block {}", call.name, block);
}

void mark(const Call& call, const char* verb, std::uint64_t block,
          const std::string& what) {
  if (call.marks) {
    const char* const socket = std::getenv(kControlVariable);
    if (socket == nullptr || *socket == '\0') {
      throw Failure(Error{ErrorKind::kUsage, "no recording is going on around us",
                          "--no-marks writes without telling what"});
    }
    value_or_throw(
        send_mark(socket, fmt::format("{} {}: {}", verb, label(call, block), what)));
  }
}

// Each block of the range, until Ctrl-C.
void each_block(const Call& call, const std::function<void(std::uint64_t block)>& visit) {
  for (std::uint64_t block = call.range.first; block <= call.range.last; ++block) {
    if (interrupted()) {
      throw Failure(Error{ErrorKind::kInterrupted, "interrupted", {}});
    }
    visit(block);
  }
}

// A block of generation 3 is one of generation 1 and of 2 too: `verify` says so.
void mark_generations(const Call& call, const char* verb, std::uint64_t last) {
  for (std::uint64_t each = 1; each <= last; ++each) {
    each_block(call, [&](std::uint64_t block) {
      mark(call, verb, block, fmt::format("generation {}", each));
    });
  }
}

int fill(StampedBlocks& blocks, const Call& call) {
  if (*call.contents.begin() == BlockContent::kWritten) {
    refuse("blocks are not filled with writes", "powercut blocks write --generation N");
  }
  if (call.contents.size() != 1) {
    refuse("blocks are filled with one thing", "--as is source, poison or zeros");
  }
  each_block(call, [&](std::uint64_t block) {
    value_or_throw(blocks.write(block, *call.contents.begin(), 0));
  });
  value_or_throw(blocks.flush());
  return kExitClean;
}

int write(StampedBlocks& blocks, const Call& call) {
  mark_generations(call, "begin", call.generation);
  each_block(call, [&](std::uint64_t block) {
    value_or_throw(blocks.write(block, BlockContent::kWritten, call.generation));
  });
  if (call.flush) {
    value_or_throw(blocks.flush());
    mark_generations(call, "ack", call.generation);
  }
  return kExitClean;
}

int discard(StampedBlocks& blocks, const Call& call) {
  // What was acknowledged may be gone from here on.
  mark_generations(call, "drop", call.generation);
  value_or_throw(blocks.discard(call.range));
  if (call.flush) {
    value_or_throw(blocks.flush());
  }
  return kExitClean;
}

void begin_block(const Call& call, std::uint64_t block) {
  if (std::getenv(kProbeVariable) != nullptr) {
    value_or_throw(announce_part(label(call, block)));
  }
}

// A stack checker reads what was printed, and wants a script to come to its end.
int end_code(bool faults) {
  return faults && std::getenv(kProbeVariable) == nullptr ? kExitFindings : kExitClean;
}

int scribble(StampedBlocks& blocks, const Call& call) {
  mark_generations(call, "begin", call.generation + 1);
  each_block(call, [&](std::uint64_t block) {
    value_or_throw(call.mapped
                       ? blocks.scribble_mapped(block, call.generation, call.times)
                       : blocks.scribble(block, call.generation, call.times));
  });
  return kExitClean;
}

// Whether what the legs have of a block may differ until a resync.
std::string cover_of(const Call& call, std::uint64_t block) {
  if (!call.dirty) {
    return "";
  }
  const bool covered = std::ranges::any_of(*call.dirty, [&](const BlockRange& range) {
    return range.first <= block && block <= range.last;
  });
  return covered ? "; a durable dirty bit covers it" : "; no durable dirty bit covers it";
}

int compare(StampedBlocks& blocks, const Call& call) {
  StampedBlocks other = value_or_throw(StampedBlocks::open(call.other, call.block_bytes));
  if (call.range.last >= other.block_count()) {
    refuse(fmt::format("{} has {} blocks, from 0", call.other, other.block_count()),
           "--blocks is a range that both have");
  }
  bool faults = false;
  each_block(call, [&](std::uint64_t block) {
    begin_block(call, block);
    const std::string difference =
        value_or_throw(blocks.compare(block, other, call.legs[0], call.legs[1]));
    if (!difference.empty()) {
      faults = true;
      fmt::print("fault: {}{}\n", difference, cover_of(call, block));
    }
    std::fflush(stdout);
  });
  return end_code(faults);
}

int verify(StampedBlocks& blocks, const Call& call) {
  bool faults = false;
  each_block(call, [&](std::uint64_t block) {
    begin_block(call, block);
    StampedBlocks::Sight sight = blocks.look(block, call.contents);
    if (call.only_initial && sight.generation > 0 && sight.fault.empty()) {
      sight.fault = fmt::format("block {} of {} holds write {}, and must not change",
                                block, call.device, sight.generation);
    }
    if (!sight.fault.empty()) {
      faults = true;
      fmt::print("fault: {}\n", sight.fault);
      std::fflush(stdout);
      return;
    }
    for (std::uint64_t each = 1; each <= sight.generation; ++each) {
      fmt::print("have {}: generation {}\n", label(call, block), each);
    }
    std::fflush(stdout);
  });
  return end_code(faults);
}

// "0-1,8-9", or "none".
std::vector<BlockRange> ranges_of(const std::string& text) {
  std::vector<BlockRange> ranges;
  for (std::size_t at = 0; text != "none" && at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    ranges.push_back(value_or_throw(parse_block_range(text.substr(at, comma - at))));
    at = comma + 1;
  }
  return ranges;
}

struct Action {
  std::string_view name;
  int (*run)(StampedBlocks& blocks, const Call& call);
};

const Action& action_called(const std::string& name) {
  static constexpr std::array<Action, 6> kActions = {{{"fill", &fill},
                                                      {"write", &write},
                                                      {"discard", &discard},
                                                      {"scribble", &scribble},
                                                      {"verify", &verify},
                                                      {"compare", &compare}}};
  for (const Action& action : kActions) {
    if (action.name == name) {
      return action;
    }
  }
  refuse(fmt::format("cannot {} blocks", name),
         "there are: fill, write, discard, scribble, verify, compare");
}

std::set<BlockContent> contents_of(const std::string& text) {
  std::set<BlockContent> contents;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    contents.insert(value_or_throw(parse_block_content(text.substr(at, comma - at))));
    at = comma + 1;
  }
  return contents;
}

std::array<std::string, 2> legs_of(const Call& call, const std::string& text) {
  if (text.empty()) {
    return {std::filesystem::path(call.device).filename(),
            std::filesystem::path(call.other).filename()};
  }
  const std::size_t comma = text.find(',');
  if (call.other.empty() || comma == 0 || comma == std::string::npos ||
      comma + 1 == text.size()) {
    refuse(fmt::format("--legs {} does not name the two devices of compare", text),
           "powercut blocks compare --legs left,right --with RIGHT LEFT");
  }
  return {text.substr(0, comma), text.substr(comma + 1)};
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()("blocks", po::value<std::string>(),
                        "FIRST or FIRST-LAST, from 0 (default: all)")(
      "block-size", po::value<std::string>()->default_value("4K"), "of a block")(
      "generation", po::value<std::uint64_t>()->default_value(1),
      "write: of these blocks; discard: the highest that was written")(
      "as", po::value<std::string>()->default_value("poison"),
      "fill: with source, poison or zeros")(
      "initial", po::value<std::string>()->default_value("zeros"),
      "verify: what a block may hold that was not written: zeros, source, poison; a list "
      "with commas")("name", po::value<std::string>()->default_value(""),
                     "of the device, in marks and claims, if there are several")(
      "with", po::value<std::string>(), "compare: the other device")(
      "dirty", po::value<std::string>(),
      "compare: blocks that the log or bitmap of the mirror called dirty after the power "
      "cut, as 0-1,8-9, or none: faults say it")(
      "only-initial", "verify: a block that was written is a fault")(
      "legs", po::value<std::string>(),
      "compare: what messages call DEVICE and the other, as left,right")(
      "mapped", "scribble: over a mapped page while the kernel writes it back")(
      "times", po::value<unsigned>()->default_value(20),
      "scribble: writes of each block")("flush",
                                        "flush afterwards; write: and acknowledge")(
      "no-marks", "write: do not tell the recording what is written");
  const Arguments arguments = parse_arguments(self, options, {"ACTION", "DEVICE"}, words);
  const Action& action = action_called(arguments.text("ACTION"));
  Call call;
  call.device = arguments.text("DEVICE");
  call.name = arguments.text("name").empty() ? "" : arguments.text("name") + " ";
  call.generation = arguments.values["generation"].as<std::uint64_t>();
  constexpr std::uint64_t kMostGeneration = 65535;
  if (call.generation == 0 || call.generation > kMostGeneration) {
    refuse(fmt::format("there is no generation {}", call.generation),
           fmt::format("--generation is 1 to {}", kMostGeneration));
  }
  call.flush = arguments.has("flush");
  call.marks = !arguments.has("no-marks");
  call.contents = contents_of(arguments.text(action.name == "fill" ? "as" : "initial"));
  call.only_initial = arguments.has("only-initial");
  call.block_bytes =
      value_or_throw(parse_stamped_block_bytes(arguments.text("block-size")));
  call.other = arguments.text("with", "");
  if (arguments.has("dirty")) {
    if (action.name != "compare") {
      refuse("--dirty is of compare", "powercut blocks compare --dirty 0-1 --with ...");
    }
    call.dirty = ranges_of(arguments.text("dirty"));
  }
  if ((action.name == "compare") == call.other.empty()) {
    refuse("--with names the other device of compare, and only of that",
           "powercut blocks compare --with RIGHT LEFT");
  }
  call.mapped = arguments.has("mapped");
  if (call.mapped && action.name != "scribble") {
    refuse("--mapped is of scribble", "powercut blocks scribble --mapped DEVICE");
  }
  call.times = arguments.values["times"].as<unsigned>();
  call.legs = legs_of(call, arguments.text("legs", ""));
  StampedBlocks blocks =
      value_or_throw(StampedBlocks::open(call.device, call.block_bytes));
  const std::string all = fmt::format("0-{}", blocks.block_count() - 1);
  call.range = value_or_throw(parse_block_range(arguments.text("blocks", all)));
  if (call.range.last >= blocks.block_count()) {
    refuse(fmt::format("{} has {} blocks, from 0", call.device, blocks.block_count()),
           "--blocks is a range of them");
  }
  return action.run(blocks, call);
}

}  // namespace

extern const Command kBlocksCommand = {
    "blocks", "ACTION [--blocks RANGE] DEVICE",
    "write blocks to a raw device that are known again",
    "Each sector says which block it belongs to and which write it comes from. `write\n"
    "--flush` tells the recording around it what it begins and what it acknowledges;\n"
    "`verify`, after a power cut, prints a line \"fault:\" for each block that holds "
    "what\n"
    "nobody wrote there, and \"have\" for each write that is there. In a script of a "
    "stack\n"
    "checker each block is a probe of its own. `compare` does so with two legs of a "
    "mirror;\n"
    "`scribble` writes while the buffer changes, as no program should; `fill` makes the\n"
    "content of a device before. See docs/stacks.md.\n\n"
    "examples:\n"
    "  powercut blocks fill --as poison /dev/vdb\n"
    "  powercut blocks write --blocks 0-7 --generation 1 --flush /dev/mapper/clone\n"
    "  powercut blocks verify --initial source /dev/mapper/clone\n\n",
    &run};

}  // namespace powercut
