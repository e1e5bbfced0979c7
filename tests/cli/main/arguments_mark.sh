#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Missing, surplus and unknown arguments of mark: a message, a hint, exit 2.

. "$CLI/lib.sh"

show mark
show mark TEXT surplus
show mark TEXT --frobnicate
show mark TEXT --frobnicate=1
show mark TEXT -x
show mark ''
