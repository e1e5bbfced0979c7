#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Missing, surplus and unknown arguments of mount: a message, a hint, exit 2.

. "$CLI/lib.sh"

show mount
show mount LOG --to end surplus
show mount LOG --to end --frobnicate
show mount LOG --to end --frobnicate=1
show mount LOG --to end -x
golden_log golden.log
show mount golden.log --size 64M
show mount golden.log --size 64M --to end --state c100.w.none
show mount golden.log --size 64M --to mark:nobody
show mount golden.log --size 64M --to end --without 0
show mount golden.log --size 64M --to end --without 99999
show mount golden.log --size 64M --to entry:4 --without 10
show mount golden.log --size 64M --state nonsense
