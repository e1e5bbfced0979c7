#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A log cut off in the middle says where, and gives what was before.

. "$CLI/lib.sh"

golden_log golden.log
head -c 5000000 golden.log >torn.log
show log info torn.log --size 64M
show log verify torn.log
expect 0 log list torn.log
wc -l <out
show replay torn.log --size 64M -o disk.img
expect 0 log convert golden.log -o new.log --size 64M
head -c 5000000 new.log >torn2.log
show log info torn2.log
show log verify torn2.log
expect 0 log list torn2.log
wc -l <out
