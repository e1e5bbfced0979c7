#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A target that cannot be written: a message, exit 3, and nothing is left.

. "$CLI/lib.sh"

golden_log golden.log
echo precious >target
show replay golden.log --size 64M -o no/such/disk.img
show replay golden.log --size 64M -o /proc/disk.img
ls -A
