// SPDX-License-Identifier: GPL-2.0-only
//
// powercut audit overwrites: did anything write where nothing must?

#include "cli/arguments.h"
#include "cli/audit_arguments.h"
#include "cli/command.h"
#include "cli/log_arguments.h"
#include "cli/output.h"
#include "replay/change_list.h"
#include "replay/changed_blocks.h"
#include "replay/overwrites.h"
#include "report/overwrite_report.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

namespace powercut {

namespace {

void add_options(po::options_description& options) {
  options.add_options()(
      "extents", po::value<std::string>(),
      "what must not be overwritten, a line each: OFFSET LENGTH [NAME [FILE_OFFSET]], as "
      "`powercut extents` prints it; - is stdin")(
      "from", po::value<std::string>()->default_value("start"),
      "from where on: a mark's name, mark:NAME, flush:N, entry:N, seq:N")(
      "to", po::value<std::string>()->default_value("end"), "until when; the same")(
      "device", po::value<std::string>(), "which of the log's devices: number or name")(
      "json", po::value<std::string>(), "write as JSON to a file, - is stdout");
  add_log_options(options);
}

std::vector<KeptExtent> read_extents(const OverwriteContext& context) {
  const std::string text = value_or_throw(
      read_change_list_file(context.list == "-" ? "/dev/stdin" : context.list));
  std::vector<KeptExtent> extents =
      value_or_throw(parse_extents(text, context.list, context.device_bytes));
  if (extents.empty()) {
    throw Failure(
        Error{ErrorKind::kBadInput,
              fmt::format("nothing was checked: {} names no extent", context.list),
              "`powercut extents --shared FILE` prints those of a file that it shares"});
  }
  return extents;
}

// Throws if the log says of nothing that could have overwritten anything.
void check_not_empty(const OverwriteContext& context, const ChangedBlocks& changed) {
  if (!changed.entries.empty()) {
    return;
  }
  throw Failure(Error{
      ErrorKind::kBadInput,
      fmt::format("nothing was checked: between {} and {} the log has no write to device "
                  "{} ('{}')",
                  context.from, context.to, context.device, context.device_name),
      "powercut log list shows what is in the log; a flush before --to brings out what "
      "is still cached"});
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  add_options(options);
  Arguments arguments = parse_arguments(self, options, {"LOG"}, words);
  check_report_path(arguments);
  OverwriteContext context;
  const std::shared_ptr<const Recording> recording = open_audit(
      arguments,
      needed(arguments, "extents", "--extents FILE says what must not be overwritten"),
      "whose extents are these", context);
  const Timeline& timeline = recording->timeline();
  context.extents = read_extents(context);
  const ChangedBlocks changed =
      changed_blocks(timeline, context.device, context.from_cut, context.to_cut);
  check_not_empty(context, changed);
  const OverwriteAudit audit = find_overwrites(timeline, changed, context.extents);
  add_order_notes(*recording, changed, context);
  write_report(arguments, overwrite_text(context, changed, audit),
               overwrite_json(context, changed, audit));
  return audit.overwrites.empty() ? kExitClean : kExitFindings;
}

}  // namespace

extern const Command kAuditOverwritesCommand = {
    "audit overwrites", "LOG --extents FILE [--from WHERE] [--to WHERE]",
    "did anything write where nothing must, as on blocks that files share?",
    "Lists the writes, write-zeroes and discards that the log has between the two "
    "places\n"
    "and that touch one of the extents: entry, time, sectors, whose extent, and where "
    "in\n"
    "the file. For blocks that files share (a reflink clone), a frozen image, a swap "
    "file.\n\n"
    "exit codes: 0 nothing overwritten, 1 something overwritten, 2 usage, 3 the log or "
    "the\n"
    "list cannot be read, names no extent, or nothing was written in between: then "
    "nothing\n"
    "was checked\n\n"
    "examples:\n"
    "  powercut extents --shared /mnt/image >shared.txt\n"
    "  powercut audit overwrites run.log --extents shared.txt --from cloned --to end\n\n",
    &run};

}  // namespace powercut
