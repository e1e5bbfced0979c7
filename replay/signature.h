// SPDX-License-Identifier: GPL-2.0-only
//
// Which findings are taken for one cause: those that the same checker puts in the same
// words, numbers left out (inodes, blocks and sizes differ from state to state and from
// run to run), by the same kind of probe; and, where findings were explained, for which
// the same kinds of writes are to blame.

#pragma once

#include "replay/certificate.h"

#include <string>

namespace powercut {

// "ext4 base | 0x05000a | lost inode table (flushed too early)": one line; the same for
// logs, kernels and machines alike.
std::string signature_of(const FailingClass& failing);

// What findings are told together by: of those that were explained checker, probe and
// blame (FailingClass::cause), for one fault has as many complaints as there are places
// that it can hit; of others the signature.
std::string signature_group(const std::string& signature, const std::string& cause);

// "inode 12 of /f3" -> "inode # of /f#"; hexadecimal codes ("0x05000a") stay.
std::string without_numbers(const std::string& text);

}  // namespace powercut
