#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A time that is none is refused: below zero, not a number.

. "$CLI/lib.sh"

golden_log golden.log
for arguments in '--timeout -1' '--timeout nan' '--time -1' '--time nan'; do
  # shellcheck disable=SC2086  # words
  "$POWERCUT" check golden.log --size 64M --to mark:f1 $arguments >out 2>err
  code=$?
  if [ "$code" -ne 2 ]; then wrong="${wrong-}; exit $code: powercut check $arguments"; fi
done
if [ -n "${wrong-}" ]; then fail "$wrong"; fi
