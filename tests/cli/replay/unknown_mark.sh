#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# An unknown mark lists the marks there are.

. "$CLI/lib.sh"

golden_log golden.log
show replay golden.log --to mark:nobody --size 64M -o disk.img
show replay golden.log --to mark:f1#1 --size 64M -o disk.img
show replay golden.log --to mark:f1#2 --size 64M -o disk.img
show replay golden.log --to entry:99999 --size 64M -o disk.img
ls
