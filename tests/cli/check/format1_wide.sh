#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The wide rule for logs without submission order permits no fewer states.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
"$POWERCUT" check golden.log --size 64M --atomic write --format1 wide --max-runs 300 --json wide.json >out 2>err
code=$?
if [ "$code" -gt 1 ]; then fail "exit $code: $(cat err)"; fi
json wide.json 'int(states_permitted) >= 67800106'
json wide.json "($code == 1) == (len(findings) > 0)"
