#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Ctrl-C ends the workload: exit 130, and the log is whole up to there.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4
"$POWERCUT" record --on loop --fs ext4 --size 32M --keep-image end.img -o run.log -- \
  bash -c 'while :; do echo x >>f; sync f; : >'"$PWD"'/started; done' >out 2>err &
pid=$!
poll 20 test -e started
kill -INT "$pid"
wait_for "$pid" 10
if [ "$code" -ne 130 ]; then fail "exit $code: $(<err)"; fi
says err 'interrupted'
expect 0 log verify run.log --device end.img
says out 'clean end'
expect 0 log info run.log --json -
json out 'writes > 10 and "mkfs" in marks'
no_leftovers
