#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A state behind the end of the log is refused, as check --state does.

. "$CLI/lib.sh"

needs_root
golden_log golden.log
"$POWERCUT" mount golden.log --size 64M --state c999999.w.none >out 2>err &
pid=$!
# It either refuses, or serves and has to be stopped.
until [ -s out ] || ! kill -0 "$pid" 2>/dev/null; do pause; done
kill -INT "$pid" 2>/dev/null
wait_for "$pid" 5
if [ "$code" -ne 2 ]; then fail "exit $code"; fi
says err 'is no state of this log'
