#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Where messages cannot be written the exit code still says what came of it.

. "$CLI/lib.sh"

"$POWERCUT" log info nosuch.log 2>/dev/full
if [ $? -ne 3 ]; then fail "a full stderr"; fi
"$POWERCUT" nosuchverb 2>/dev/full
if [ $? -ne 2 ]; then fail "a full stderr, and no such verb"; fi
"$POWERCUT" log info nosuch.log 2>&-
if [ $? -ne 3 ]; then fail "a closed stderr"; fi
needs_root
"$POWERCUT" record --on loop --size 1M -o run.log -- true 2>/dev/full
if [ $? -ne 0 ]; then fail "a recording that was made"; fi
