#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A write that was lost is not in the served file, and only that one.

. "$CLI/lib.sh"

needs_root
golden_log golden.log
expect 0 log list golden.log --from 113 --count 1
cat out
show mount golden.log --size 64M --state c388.w.all --without 113
serve golden.log --size 64M --to mark:f1 --without 113
expect 0 replay golden.log --size 64M --to mark:f1 -o disk.img
cmp -l "$disk" disk.img | awk '{ at = $1 - 1; if (!n++) first = at; last = at }
  END { exit !(n > 0 && first >= 16787456 && last < 16787456 + 1024) }' ||
  fail "the difference is not the lost write"
kill -INT "$pid"
wait_for "$pid" 5
if [ "$code" -ne 0 ]; then fail "exit $code"; fi
