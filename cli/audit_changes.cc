// SPDX-License-Identifier: GPL-2.0-only
//
// powercut audit changes: does a changed-block tracker's list have all that was written?

#include "base/units.h"
#include "checkers/block_owner.h"
#include "cli/arguments.h"
#include "cli/audit_arguments.h"
#include "cli/command.h"
#include "cli/log_arguments.h"
#include "cli/output.h"
#include "replay/change_list.h"
#include "replay/changed_blocks.h"
#include "replay/state_view.h"
#include "report/change_report.h"
#include "scenarios/state_owners.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

namespace powercut {

namespace {

RangeSet ignored_from(const Arguments& arguments, std::uint64_t device_bytes) {
  std::vector<ByteRange> ranges;
  if (!arguments.has("ignore")) {
    return {};
  }
  for (const std::string& word :
       arguments.values["ignore"].as<std::vector<std::string>>()) {
    const std::size_t plus = word.find('+');
    if (plus == std::string::npos) {
      throw Failure(Error{ErrorKind::kUsage, fmt::format("'{}' is no range", word),
                          "--ignore is OFFSET+LENGTH: 0+64K"});
    }
    const std::uint64_t begin = value_or_throw(parse_bytes(word.substr(0, plus)));
    const std::uint64_t length = value_or_throw(parse_bytes(word.substr(plus + 1)));
    if (begin > device_bytes || length > device_bytes - begin) {
      throw Failure(
          Error{ErrorKind::kUsage,
                fmt::format("--ignore {} reaches beyond the end of the device", word),
                fmt::format("the device has {} bytes", device_bytes)});
    }
    ranges.push_back({begin, begin + length});
  }
  return RangeSet(std::move(ranges));
}

std::unique_ptr<const BlockOwners> owners_at(
    const std::shared_ptr<const Recording>& recording, Cut cut, std::uint16_t device,
    std::vector<std::string>& notes) {
  const std::shared_ptr<const StateView> view = linear_view(recording, cut, device);
  return value_or_throw(owners_of_state(*recording, *view, cut, device, notes));
}

void add_owners(const std::shared_ptr<const Recording>& recording,
                const ChangeAudit& audit, ChangeContext& context) {
  if (audit.missed.empty()) {
    return;
  }
  const std::unique_ptr<const BlockOwners> owners =
      owners_at(recording, context.to_cut, context.device, context.notes);
  for (const MissedRange& missed : audit.missed) {
    std::vector<OwnedPart>& parts = context.owners.emplace_back();
    for (const OwnedRange& owned : owners->owners_of(missed.range)) {
      parts.push_back({owned.range, owned.what, owned.text()});
    }
  }
}

// Throws if the log says of nothing that could have been missed.
void check_not_empty(const ChangeContext& context, const ChangedBlocks& changed,
                     const ChangeAudit& audit) {
  if (!audit.checked.empty()) {
    return;
  }
  const std::string interval =
      fmt::format("between {} and {} the log has no write to device {} ('{}')",
                  context.from, context.to, context.device, context.device_name);
  throw Failure(
      changed.ranges.empty()
          ? Error{ErrorKind::kBadInput, "nothing was checked: " + interval,
                  "powercut log list shows what is in the log; a flush before the mark "
                  "brings out what is still cached"}
          : Error{ErrorKind::kBadInput,
                  "nothing was checked: all that was written is in what --ignore names",
                  "leave out some of --ignore"});
}

ChangeList read_list(const Arguments& arguments, ChangeContext& context) {
  context.format = arguments.text("format");
  const ChangeListFormat format =
      value_or_throw(parse_change_list_format(context.format));
  ChangeListOptions options;
  options.name = context.list;
  options.device_bytes = context.device_bytes;
  if (arguments.has("granularity")) {
    options.granularity_bytes =
        value_or_throw(parse_bytes(arguments.text("granularity")));
    if (options.granularity_bytes == 0) {
      throw Failure(Error{ErrorKind::kUsage, "a granularity of 0 bytes",
                          "--granularity is the size of a tracker's block: 64K"});
    }
  }
  const std::string text = value_or_throw(
      read_change_list_file(context.list == "-" ? "/dev/stdin" : context.list));
  ChangeList list = value_or_throw(parse_change_list(format, text, options));
  context.granularity_bytes = list.granularity_bytes;
  context.listed = list.ranges;
  return list;
}

void add_options(po::options_description& options) {
  options.add_options()("from", po::value<std::string>(),
                        "where the tracker began: a mark's name, mark:NAME, flush:N, "
                        "entry:N, seq:N, start")(
      "to", po::value<std::string>(), "where its list was taken; the same, or end")(
      "changed", po::value<std::string>(), "the tracker's list; - is stdin")(
      "format", po::value<std::string>()->default_value("ranges"),
      "of the list: ranges (OFFSET LENGTH a line), era (era_invalidate), thin-delta "
      "(thin_delta), qemu-bitmap (qemu-img map with x-dirty-bitmap)")(
      "device", po::value<std::string>(), "which of the log's devices: number or name")(
      "granularity", po::value<std::string>(),
      "size of the tracker's blocks (64K); era needs it")(
      "ignore", po::value<std::vector<std::string>>()->composing(),
      "OFFSET+LENGTH that the tracker need not list; more than once")(
      "json", po::value<std::string>(), "write as JSON to a file, - is stdout");
  add_log_options(options);
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  add_options(options);
  Arguments arguments = parse_arguments(self, options, {"LOG"}, words);
  check_report_path(arguments);
  ChangeContext context;
  needed(arguments, "from", "--from is where the tracker began");
  needed(arguments, "to", "--to is where its list was taken");
  const std::shared_ptr<const Recording> recording = open_audit(
      arguments, needed(arguments, "changed", "--changed FILE is the tracker's list"),
      "whose list is it", context);
  const Timeline& timeline = recording->timeline();
  const RangeSet ignored = ignored_from(arguments, context.device_bytes);
  const ChangeList list = read_list(arguments, context);
  const ChangedBlocks changed =
      changed_blocks(timeline, context.device, context.from_cut, context.to_cut);
  const ChangeAudit audit = audit_changes(changed, list.ranges, ignored);
  check_not_empty(context, changed, audit);
  context.ignored_bytes = changed.ranges.common_with(ignored).total_bytes();
  add_order_notes(*recording, changed, context);
  add_owners(recording, audit, context);
  write_report(arguments, change_text(context, changed, audit),
               change_json(context, changed, audit));
  return audit.missed.empty() ? kExitClean : kExitFindings;
}

}  // namespace

extern const Command kAuditChangesCommand = {
    "audit changes", "LOG --from WHERE --to WHERE --changed FILE [--format FORMAT]",
    "does a changed-block tracker's list have all that was written?",
    "Compares the list with the writes, write-zeroes and discards that the log has\n"
    "between the two places, and tells what the list lacks: by place, by entry of the\n"
    "log, and by what an ext2, ext3 or ext4 has there. What is listed and was not\n"
    "written is allowed, and counted.\n\n"
    "exit codes: 0 nothing missed, 1 something missed, 2 usage, 3 the log or the list\n"
    "cannot be read, or nothing was written in between: then nothing was checked\n\n"
    "examples:\n"
    "  powercut audit changes run.log --from full-backup --to end --changed list.txt\n"
    "  era_invalidate --written-since 3 /dev/mapper/meta >era.xml\n"
    "  powercut audit changes run.log --from mark:era-3 --to end --changed era.xml \\\n"
    "      --format era --granularity 64K\n\n",
    &run};

}  // namespace powercut
