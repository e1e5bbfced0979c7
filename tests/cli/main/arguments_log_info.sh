#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Missing, surplus and unknown arguments of log info: a message, a hint, exit 2.

. "$CLI/lib.sh"

show log info
show log info LOG surplus
show log info LOG --frobnicate
show log info LOG --frobnicate=1
show log info LOG -x
show log info LOG --json
show log info LOG --size
show log info LOG --si 64M
