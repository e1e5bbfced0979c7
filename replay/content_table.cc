// SPDX-License-Identifier: GPL-2.0-only

#include "replay/content_table.h"

#include <xxhash.h>

namespace powercut {

ContentId ContentTable::intern(std::span<const std::byte> bytes) {
  XXH128_hash_t digest = XXH3_128bits(bytes.data(), bytes.size());
  return ids_
      .try_emplace({digest.low64, digest.high64}, static_cast<ContentId>(ids_.size()))
      .first->second;
}

ContentId SpaceContents::content_of(UnitKey unit, const Version& version) {
  space_->read_version(unit, version, 0, buffer_);
  return table_->intern(buffer_);
}

ContentId SpaceContents::content_under(UnitKey unit,
                                       std::span<const std::uint32_t> options) {
  ContentId content = 0;
  const UnitContents* contents = nullptr;
  if (forced(unit, content, contents)) {
    return content;
  }
  const UnitQuestion& question = *contents->question;
  switch (question.kind) {
    case UnitQuestion::Kind::kUnit:
      return contents->ids[options[question.variable]];
    case UnitQuestion::Kind::kChain:
      for (std::size_t i = question.links.size(); i-- > 0;) {
        if (options[question.links[i].variable] != 0) {
          return options[question.links[i].variable] == 1 ? contents->ids[i]
                                                          : contents->garbage;
        }
      }
      return contents->bottom;
    case UnitQuestion::Kind::kForced:
    case UnitQuestion::Kind::kCluster:
      break;
  }
  return content_of(unit, space_->version(question, options));
}

bool SpaceContents::forced(UnitKey unit, ContentId& content,
                           const UnitContents*& contents) {
  Slot* slot = slots_.find(unit);
  if (slot == nullptr) {
    StateSpace::Look look = space_->look(unit);
    Slot made;
    if (look.question == nullptr) {
      made.value = content_of(unit, look.version);
    } else {
      std::unique_ptr<UnitContents> detail = std::make_unique<UnitContents>();
      detail->question = look.question;
      for (const Version& version : look.question->versions) {
        detail->ids.push_back(content_of(unit, version));
      }
      for (const UnitQuestion::Link& link : look.question->links) {
        detail->ids.push_back(content_of(unit, link.kept));
      }
      if (look.question->kind == UnitQuestion::Kind::kChain) {
        detail->bottom = content_of(unit, look.question->bottom);
        detail->garbage = content_of(unit, Version{Version::Kind::kGarbage, 0});
      }
      made.forced = false;
      made.value = static_cast<std::uint32_t>(details_.size());
      details_.push_back(std::move(detail));
    }
    slot = &slots_.insert(unit, made);
  }
  if (slot->forced) {
    content = slot->value;
    return true;
  }
  contents = details_[slot->value].get();
  return false;
}

}  // namespace powercut
