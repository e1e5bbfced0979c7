// SPDX-License-Identifier: GPL-2.0-only
//
// What era_invalidate and thin_delta print.

#include "replay/change_list_parts.h"
#include "replay/flat_xml.h"

#include <fmt/format.h>

#include <limits>
#include <optional>

namespace powercut {

namespace {

constexpr std::uint64_t kSectorBytes = 512;

// The first tag of a list, which names its kind.
Status check_root(const std::optional<XmlTag>& tag, std::string_view wanted,
                  std::string_view tool, const ChangeListOptions& options) {
  if (tag && tag->name == wanted && !tag->closing) {
    return {};
  }
  return bad_line(
      options, tag ? tag->line : 1,
      tag ? fmt::format("<{}> is the first tag", tag->name) : "nothing is there",
      fmt::format("what {} prints begins with <{}>", tool, wanted));
}

tl::unexpected<Error> unknown_tag(const XmlTag& tag, const ChangeListOptions& options,
                                  std::string right) {
  return bad_line(options, tag.line,
                  tag.parent.empty()
                      ? fmt::format("<{}> is not known here", tag.name)
                      : fmt::format("<{}> is not known in <{}>", tag.name, tag.parent),
                  std::move(right));
}

bool lists_changes(std::string_view name) {
  return name == "different" || name == "left_only" || name == "right_only";
}

// The size of a block of a thin pool, which its <superblock> says in sectors.
Result<std::uint64_t> data_block_bytes(const FlatXml& xml, const XmlTag& tag,
                                       const ChangeListOptions& options) {
  PC_ASSIGN_OR_RETURN(std::uint64_t sectors, xml.number(tag, "data_block_size"));
  if (sectors > std::numeric_limits<std::uint32_t>::max() ||
      !is_granularity(sectors * kSectorBytes)) {
    return bad_line(options, tag.line,
                    fmt::format("data_block_size=\"{}\" is no size of a block", sectors),
                    "data_block_size=\"128\", in sectors of 512 bytes");
  }
  const std::uint64_t bytes = sectors * kSectorBytes;
  if (options.granularity_bytes != 0 && options.granularity_bytes != bytes) {
    return fail(ErrorKind::kUsage,
                fmt::format("--granularity is {}, but {}:{} says blocks of {} bytes",
                            options.granularity_bytes, options.name, tag.line, bytes),
                "leave --granularity out: the list knows it");
  }
  return bytes;
}

// A tag inside <diff>: an element of a kind with a range, or, in what --verbose prints, a
// kind with <range> elements in it.
Status add_delta(const FlatXml& xml, const XmlTag& tag, ListedRanges& ranges,
                 const ChangeListOptions& options) {
  const bool range = tag.depth == 3 && tag.name == "range";
  const bool kind = tag.depth == 2 && (tag.name == "same" || lists_changes(tag.name));
  const bool around = kind && !tag.empty && tag.attributes.empty();
  if (!range && !(kind && (tag.empty || tag.closing)) && !around) {
    return unknown_tag(
        tag, options,
        "<diff> has <different begin=\"N\" length=\"N\"/>, <left_only ...>, "
        "<right_only ...> and <same ...>, or these around <range ...>");
  }
  if (tag.closing || around) {
    return {};
  }
  PC_ASSIGN_OR_RETURN(std::uint64_t begin, xml.number(tag, "begin"));
  PC_ASSIGN_OR_RETURN(std::uint64_t length, xml.number(tag, "length"));
  if (!lists_changes(range ? tag.parent : tag.name)) {
    return ranges.check(tag.line, begin, length);
  }
  return ranges.add(tag.line, begin, length);
}

}  // namespace

Result<ChangeList> parse_era(std::string_view text, const ChangeListOptions& options) {
  if (options.granularity_bytes == 0) {
    return fail(ErrorKind::kUsage,
                "what era_invalidate prints does not say how large a "
                "block is, and --granularity is missing",
                "--granularity is the block size that the era device was made with: 64K");
  }
  FlatXml xml(text, options);
  ListedRanges ranges(options, options.granularity_bytes);
  PC_ASSIGN_OR_RETURN(std::optional<XmlTag> tag, xml.next());
  PC_RETURN_IF_ERROR(check_root(tag, "blocks", "era_invalidate", options));
  for (;;) {
    PC_ASSIGN_OR_RETURN(tag, xml.next());
    if (!tag) {
      return ChangeList{ranges.take(), options.granularity_bytes};
    }
    if (tag->closing && tag->depth == 0) {
      continue;
    }
    if (tag->empty && tag->depth == 1 && tag->name == "block") {
      PC_ASSIGN_OR_RETURN(std::uint64_t block, xml.number(*tag, "block"));
      PC_RETURN_IF_ERROR(ranges.add(tag->line, block, 1));
      continue;
    }
    if (!tag->empty || tag->depth != 1 || tag->name != "range") {
      return unknown_tag(*tag, options,
                         "<blocks> has <range begin=\"N\" end=\"N\"/> and <block "
                         "block=\"N\"/>");
    }
    PC_ASSIGN_OR_RETURN(std::uint64_t begin, xml.number(*tag, "begin"));
    PC_ASSIGN_OR_RETURN(std::uint64_t end, xml.number(*tag, "end"));
    if (begin >= end) {
      return bad_line(options, tag->line,
                      fmt::format("a range from block {} to block {}", begin, end),
                      "begin is the first block, end the one behind the last");
    }
    PC_RETURN_IF_ERROR(ranges.add(tag->line, begin, end - begin));
  }
}

Result<ChangeList> parse_thin_delta(std::string_view text,
                                    const ChangeListOptions& options) {
  FlatXml xml(text, options);
  PC_ASSIGN_OR_RETURN(std::optional<XmlTag> tag, xml.next());
  PC_RETURN_IF_ERROR(check_root(tag, "superblock", "thin_delta", options));
  PC_ASSIGN_OR_RETURN(std::uint64_t block_bytes, data_block_bytes(xml, *tag, options));
  ListedRanges ranges(options, block_bytes);
  std::size_t diffs = 0;
  for (;;) {
    PC_ASSIGN_OR_RETURN(tag, xml.next());
    if (!tag) {
      break;
    }
    if (tag->depth == 0) {
      continue;
    }
    if (tag->depth > 1) {
      PC_RETURN_IF_ERROR(add_delta(xml, *tag, ranges, options));
    } else if (tag->name != "diff") {
      return unknown_tag(*tag, options,
                         "<superblock> has one <diff> in it; what thin_dump prints is "
                         "no list of changes");
    } else if (!tag->closing && ++diffs > 1) {
      return bad_line(options, tag->line, "a second <diff>",
                      "a list is about two snapshots of one device: one <diff>");
    }
  }
  if (diffs == 0) {
    return bad_line(options, xml.line(), "the end of the list, and no <diff>",
                    "<superblock> has one <diff> in it");
  }
  return ChangeList{ranges.take(), block_bytes};
}

}  // namespace powercut
