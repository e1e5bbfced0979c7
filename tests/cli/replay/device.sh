#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A device is overwritten as a whole, only after --yes, and only if it is large enough.

. "$CLI/lib.sh"

needs_root
needs losetup
golden_log golden.log
head -c 67108864 /dev/urandom >disk.img
truncate -s 32M small.img
loop=$(losetup -f --show disk.img) || skip "no loop device"
trap 'losetup -d "$loop" "$small"' EXIT
small=$(losetup -f --show small.img)
expect 2 replay golden.log --size 64M -o "$loop"
says err 'all that is on it would be lost'
says err 'hint: say --yes'
expect 2 replay golden.log --size 64M -o "$small" --yes
says err 'has 33554432 bytes, the recorded device 67108864'
expect 0 replay golden.log --to end --size 64M -o "$loop" --yes
expect 0 log verify golden.log --device "$loop"
expect 0 replay golden.log --to mark:f3 --size 64M -o "$loop" --yes
expect 0 replay golden.log --to mark:f3 --size 64M -o f3.img
cmp "$loop" f3.img || fail "the device does not hold the state at mark:f3"
