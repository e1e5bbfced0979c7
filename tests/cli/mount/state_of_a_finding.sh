#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The line that a finding gives to look at it serves a file system that is broken.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
expect 1 check golden.log --size 64M --atomic write --stop-after 1 --jobs 1 --fault ignore-flush:4
line=$(grep -m 1 'look:  ' out)
# shellcheck disable=SC2086  # the line is words
serve ${line#*powercut mount }
cp "$disk" copy.img
e2fsck -fy copy.img >&2
code=$?
if [ "$code" -eq 0 ]; then fail "e2fsck finds nothing in the state of the finding"; fi
kill -INT "$pid"
wait_for "$pid" 5
if [ "$code" -ne 0 ]; then fail "exit $code"; fi
