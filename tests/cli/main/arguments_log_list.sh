#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Missing, surplus and unknown arguments of log list: a message, a hint, exit 2.

. "$CLI/lib.sh"

show log list
show log list LOG surplus
show log list LOG --frobnicate
show log list LOG --frobnicate=1
show log list LOG -x
show log list LOG --from x
show log list LOG --from 99999999999999999999
