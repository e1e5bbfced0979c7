#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Ctrl-C ends programs that write until something fails; what `stress` knows by then is kept.

# shellcheck source=tests/cli/lib.sh
. "$CLI/lib.sh"

truncate -s 64K left
"$POWERCUT" blocks scribble --no-marks --blocks 0 --times 4000000000 left >out 2>err &
pid=$!
written() { ! cmp -s "$1" <(head -c 65536 /dev/zero); }
poll 20 written left
kill -INT "$pid"
wait_for "$pid" 10
if [ "$code" -ne 130 ]; then fail "scribble: exit $code: $(cat err)"; fi

# What one that is not interrupted says of the blocks.
truncate -s 64K file
"$POWERCUT" stress --no-marks --operations 1000000000 --model model file >out 2>err &
pid=$!
poll 20 written file
kill -TERM "$pid"
wait_for "$pid" 10
if [ "$code" -ne 130 ]; then fail "stress: exit $code: $(cat err)"; fi
[ -s model ] || fail "the model is not there"
expect 0 stress --settle --no-marks --model model file
