// SPDX-License-Identifier: GPL-2.0-only
//
// A finding of a results file as the words of `powercut explain` that ask about it.

#pragma once

#include <string>
#include <vector>

namespace powercut {

// Words without --finding are given back as they are. `--results FILE --finding WHICH
// ...` becomes: the log and the options of the last check in FILE that ended, the state
// of the finding, --results FILE, and the rest of the words. WHICH is a number, from 1,
// in the order of the check's report, or the id of a state. Goes to the directory in
// which the check was begun; paths among the words keep their meaning. Throws Failure: no
// such check or finding.
std::vector<std::string> words_of_finding(const std::vector<std::string>& words);

}  // namespace powercut
