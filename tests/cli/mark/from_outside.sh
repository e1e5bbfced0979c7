#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# From another shell the one live recording of the machine gets the mark.

. "$CLI/lib.sh"

needs_root
mkfifo hold
"$POWERCUT" record --size 1M -o run.log -- bash -c "
  dd if=/dev/zero of=\$POWERCUT_DEVICE bs=4096 count=1 conv=fsync status=none
  : >'$PWD/started'; read -r line <'$PWD/hold'" >out.record 2>err.record &
pid=$!
poll 20 test -e started
expect 0 mark from-outside
# With two at a time it has to be said which.
"$POWERCUT" record --size 1M -o second.log -- bash -c "
  : >'$PWD/second'; '$POWERCUT' mark inner; '$POWERCUT' mark outer 2>&1; read -r line <'$PWD/hold'" \
  >out.second 2>err.second &
second=$!
poll 20 test -e second
expect 2 mark whose
says err '2 recordings are going on'
exec 8<>hold
echo go >&8
echo go >&8
wait_for "$pid" 10
if [ "$code" -ne 0 ]; then fail "exit $code: $(<err.record)"; fi
wait_for "$second" 10
if [ "$code" -ne 0 ]; then fail "exit $code: $(<err.second)"; fi
expect 0 log info run.log --json -
json out 'marks == ["from-outside", "end"]'
expect 0 log info second.log --json -
json out 'marks == ["inner", "outer", "end"]'
