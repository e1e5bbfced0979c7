#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A reader that has seen enough ends the list: no message of a crash, no endless run.

. "$CLI/lib.sh"

golden_log golden.log
"$POWERCUT" log list golden.log 2>err | head -n 1
code=${PIPESTATUS[0]}
case $code in
  0 | 3 | 141) ;;
  *) fail "exit $code" ;;
esac
