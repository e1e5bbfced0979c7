#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A flush that is ignored is found, and its reproduction finds it again.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
expect 1 check golden.log --size 64M --atomic write --stop-after 1 --fault ignore-flush:4 --jobs 1 \
  --json report.json
says out 'FINDINGS: '
silent_on out 'is clean'
json report.json 'len(findings) >= 1 and not complete and ended == "stop-after"'
json report.json 'all(f["fault"] == "ignore-flush:4" for f in findings)'
grep "reproduce: " out >lines
count=0
while IFS= read -r line; do
  count=$((count + 1))
  line=${line#*reproduce: powercut }
  # shellcheck disable=SC2086  # the line is words
  expect 1 $line
  says out 'verdict    '
  # The same state on a sound device: it does not exist there.
  sound=${line% --fault ignore-flush:4}
  if [ "$sound" = "$line" ]; then fail "the fault is not at the end of: $line"; fi
  # shellcheck disable=SC2086
  "$POWERCUT" $sound >out 2>err
  code=$?
  case $code in
    2) says err 'is no state of this log' ;;
    0) says out 'verdict    clean' ;;
    *) fail "exit $code of a state that a sound device never shows: powercut $sound" ;;
  esac
done <lines
if [ "$count" -lt 1 ]; then fail "no line to reproduce with"; fi
