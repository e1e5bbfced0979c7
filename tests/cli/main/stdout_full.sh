#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A report that cannot be written is a failure, not a success.

. "$CLI/lib.sh"

golden_log golden.log
for arguments in "log info golden.log" "log verify golden.log" "doctor"; do
  # shellcheck disable=SC2086
  "$POWERCUT" $arguments --json - >/dev/full 2>err
  code=$?
  if [ "$code" -ne 3 ]; then fail "powercut $arguments on a full stdout: exit $code"; fi
  says err "cannot write the report to stdout"
done
"$POWERCUT" log list golden.log >/dev/full 2>err
code=$?
if [ "$code" -ne 3 ]; then fail "powercut log list on a full stdout: exit $code"; fi
