#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Missing, surplus and unknown arguments of doctor: a message, a hint, exit 2.

. "$CLI/lib.sh"

show doctor  surplus
show doctor  --frobnicate
show doctor  --frobnicate=1
show doctor  -x
show doctor --json
show doctor --clean=yes
