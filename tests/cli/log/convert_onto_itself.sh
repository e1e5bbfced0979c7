#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A log is never overwritten by the verb that reads it.

. "$CLI/lib.sh"

golden_log golden.log
cp golden.log original
"$POWERCUT" log convert golden.log -o golden.log >out 2>err
code=$?
cmp golden.log original || fail "the log was overwritten while it was read (exit $code)"
if [ "$code" -ne 2 ] && [ "$code" -ne 3 ]; then fail "exit $code"; fi
