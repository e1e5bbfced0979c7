#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Any text is a mark, up to a bound that is said.

. "$CLI/lib.sh"

needs_root
expect 0 record --size 1M -o run.log -- bash -c '
  "$0" mark -- --dashes
  "$0" mark "$(printf "tab\there")"
  "$0" mark "$(head -c 400 /dev/zero | tr "\0" x)"
  for length in 9000 100000; do
    "$0" mark "$(head -c "$length" /dev/zero | tr "\0" x)" 2>>'"$PWD"'/refused && echo "took $length"
  done
  true' "$POWERCUT"
cat out
if [ "$(grep -c '^powercut: a mark of [0-9]* bytes' refused)" -ne 2 ]; then fail "$(<refused)"; fi
expect 0 log info run.log --json -
json out 'marks[0] == "--dashes" and marks[1] == "tab\there" and marks[2] == "x" * 400'
