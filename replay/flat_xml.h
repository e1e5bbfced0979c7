// SPDX-License-Identifier: GPL-2.0-only
//
// The XML that the thin-provisioning tools print: elements with attributes, nothing else.
// It is no XML parser: text between tags, comments, entities, declarations and CDATA are
// refused, because those tools print none.

#pragma once

#include "replay/change_list_parts.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace powercut {

// <name a="1">, <name a="1"/> or </name>. Views into the text.
struct XmlTag {
  std::string_view name;
  std::vector<std::pair<std::string_view, std::string_view>> attributes;
  bool closing = false;     // </name>
  bool empty = false;       // <name/>
  std::size_t line = 0;     // where it begins
  std::size_t depth = 0;    // of the element, 0 is the root
  std::string_view parent;  // name of the element around it; empty for the root
};

// Gives the tags of a text, one by one, and sees that they nest, that there is one root
// and that it is closed. Not thread-safe; `text` and `options` must outlive it.
class FlatXml {
 public:
  FlatXml(std::string_view text, const ChangeListOptions& options)
      : rest_(text), options_(options) {}

  // Nothing at the end of the text.
  Result<std::optional<XmlTag>> next();

  // The number in an attribute that must be there.
  Result<std::uint64_t> number(const XmlTag& tag, std::string_view attribute) const;

  // The line that the next tag is looked for from.
  std::size_t line() const { return line_; }

 private:
  void skip_blanks();
  Status read_attributes(XmlTag& tag);
  Result<std::string_view> read_name(std::string_view what);
  Status nest(XmlTag& tag);
  void advance(std::size_t count);

  std::string_view rest_;
  const ChangeListOptions& options_;
  std::size_t line_ = 1;
  std::vector<std::string_view> open_;
  bool root_seen_ = false;
};

}  // namespace powercut
