#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Missing, surplus and unknown arguments of log convert: a message, a hint, exit 2.

. "$CLI/lib.sh"

show log convert
show log convert LOG -o new.log surplus
show log convert LOG -o new.log --frobnicate
show log convert LOG -o new.log --frobnicate=1
show log convert LOG -o new.log -x
show log convert LOG
show log convert LOG -o new.log --format 3
show log convert LOG -o new.log --format x
show log convert LOG -o
