#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The golden log, an entry a line.

. "$CLI/lib.sh"

golden_log golden.log
"$POWERCUT" log list golden.log | sed 's/ time .*//'
