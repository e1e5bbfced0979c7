#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A number below zero is refused, not taken for one of twenty digits.

. "$CLI/lib.sh"

golden_log golden.log
for arguments in 'log list golden.log --count -1' 'log list golden.log --from -1' \
  'log verify golden.log --number -1' 'replay golden.log -o disk.img --device -1' \
  'check golden.log --size 64M --max-runs -1 --to mark:f1' \
  'check golden.log --size 64M --stop-after -1 --to mark:f1' \
  'check golden.log --size 64M --seed -1 --to mark:f1'; do
  # shellcheck disable=SC2086  # words
  "$POWERCUT" $arguments >out 2>err
  code=$?
  if [ "$code" -ne 2 ]; then wrong="${wrong-}; exit $code: powercut $arguments"; fi
done
if [ -n "${wrong-}" ]; then fail "$wrong"; fi
