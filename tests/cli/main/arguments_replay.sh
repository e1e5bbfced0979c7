#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Missing, surplus and unknown arguments of replay: a message, a hint, exit 2.

. "$CLI/lib.sh"

show replay
show replay LOG -o disk.img surplus
show replay LOG -o disk.img --frobnicate
show replay LOG -o disk.img --frobnicate=1
show replay LOG -o disk.img -x
golden_log golden.log
show replay golden.log
show replay golden.log -o disk.img --size 64Q
show replay golden.log -o disk.img --size ''
show replay golden.log -o disk.img --size 1M
show replay golden.log -o disk.img --size 67108865
show replay golden.log -o disk.img --size 64M --to nowhere
show replay golden.log -o disk.img --size 64M --to flush:x
show replay golden.log -o disk.img --size 64M --to flush:0
show replay golden.log -o disk.img --size 64M --to flush:99
show replay golden.log -o disk.img --size 64M --to entry:-1
show replay golden.log -o disk.img --size 64M --device 1
show replay golden.log -o disk.img --size 64M --format1 middle
if [ -e disk.img ]; then fail "a refused replay left a file"; fi
