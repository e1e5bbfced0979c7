#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A log whose disk gets full: exit 3, one message that names it, and what fitted is there.

. "$CLI/lib.sh"

small_disk small 6M
needs mkfs.ext4
expect 3 record --on loop --fs ext4 --size 32M -o small/run.log -- \
  sh -c 'dd if=/dev/urandom of=f bs=64k count=200 conv=fsync status=none 2>/dev/null'
grep '^powercut: ' err >messages
if [ "$(wc -l <messages)" -ne 1 ]; then fail "not one message: $(<err)"; fi
says err 'No space left on device'
says err 'run.log'
cp --sparse=always small/run.log run.log
expect 0 log info run.log --json -
json out 'not clean_end and writes > 10 and marks[0] == "mkfs"'
no_leftovers
