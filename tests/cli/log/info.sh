#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the golden log holds, as text and as JSON.

. "$CLI/lib.sh"

golden_log golden.log
show log info golden.log --size 64M
show log info golden.log
show log info golden.log --size 64M --json -
expect 0 log info golden.log --size 64M
grep '^digest' out
