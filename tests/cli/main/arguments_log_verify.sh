#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Missing, surplus and unknown arguments of log verify: a message, a hint, exit 2.

. "$CLI/lib.sh"

show log verify
show log verify LOG surplus
show log verify LOG --frobnicate
show log verify LOG --frobnicate=1
show log verify LOG -x
show log verify LOG --device
show log verify LOG --number x
