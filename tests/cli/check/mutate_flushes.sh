#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Some flushes of the golden log carry weight, some carry none.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
expect 0 check golden.log --size 64M --atomic write --to mark:f3 --mutate-flushes --json report.json
cp out text
json report.json '[m["flush"] for m in mutations] == [4, 5, 6]'
json report.json 'any(m["carries_weight"] for m in mutations)'
grep -Eqx '[1-3] of 3 flushes carry weight' text || fail "no summary: $(cat text)"
line=$(sed -n 's/^reproduce: powercut //p' text)
if [ -z "$line" ]; then fail "no line to reproduce with"; fi
# shellcheck disable=SC2086  # the line is words
expect 1 $line
