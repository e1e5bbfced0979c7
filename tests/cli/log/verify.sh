#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The golden log is whole, equal to its replay, and not equal to a changed one.

. "$CLI/lib.sh"

golden_log golden.log
show log verify golden.log
expect 0 replay golden.log --to end --size 64M -o disk.img
show log verify golden.log --device disk.img
printf X | dd of=disk.img bs=1 seek=1000000 conv=notrunc status=none
printf X | dd of=disk.img bs=1 seek=60000000 conv=notrunc status=none
show log verify golden.log --device disk.img
show log verify golden.log --device disk.img --json -
truncate -s 32M disk.img
show log verify golden.log --device disk.img
show log verify golden.log --device missing.img
show log verify golden.log --device .
show log verify golden.log --number 1
