// SPDX-License-Identifier: GPL-2.0-only

#include "replay/signature.h"

#include <cctype>
#include <cstddef>
#include <set>

namespace powercut {

namespace {

bool is_digit(char letter) {
  return std::isdigit(static_cast<unsigned char>(letter)) != 0;
}

bool is_hex(char letter) {
  return std::isxdigit(static_cast<unsigned char>(letter)) != 0;
}

}  // namespace

std::string without_numbers(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text.compare(at, 2, "0x") == 0 && at + 2 < text.size() && is_hex(text[at + 2])) {
      out += "0x";
      for (at += 2; at < text.size() && is_hex(text[at]); ++at) {
        out += text[at];
      }
    } else if (is_digit(text[at])) {
      out += '#';
      while (at < text.size() && is_digit(text[at])) {
        ++at;
      }
    } else {
      out += text[at++];
    }
  }
  return out;
}

std::string signature_of(const FailingClass& failing) {
  // "data:/new3+8192" and "data:/new1+0" are probes of one kind.
  std::string text =
      failing.checker + " " + failing.probe.substr(0, failing.probe.find(':'));
  std::set<std::string> keys;
  for (const Finding& finding : failing.verdict.findings) {
    keys.insert(without_numbers(finding.key));
  }
  for (const std::string& key : keys) {
    text += " | " + key;
  }
  if (!failing.cause.empty()) {
    text += " | " + failing.cause;
  }
  for (char& letter : text) {
    letter = letter == '\n' ? ' ' : letter;
  }
  return text;
}

std::string signature_group(const std::string& signature, const std::string& cause) {
  return cause.empty() ? signature
                       : signature.substr(0, signature.find(" | ")) + " | " + cause;
}

}  // namespace powercut
