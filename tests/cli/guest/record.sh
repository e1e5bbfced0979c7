#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Both recorders of a guest: the log has the marks, and equals the disk that was kept.

. "$CLI/lib.sh"

needs_guest
workload='echo hi >a; sync a; powercut mark a-is-safe; mv a b; echo out; echo $POWERCUT_MOUNT'
if [ "$(id -u)" -eq 0 ] && [ -c /dev/fuse ]; then recorders='kernel served'; else recorders=kernel; fi
for recorder in $recorders; do
  XDG_CACHE_HOME=$HOME/cache expect 0 record --on guest --accel tcg --recorder "$recorder" \
    --fs ext4 --size 32M -o "$recorder.log" --keep-image "$recorder.img" -- sh -c "$workload"
  says out 'out'
  expect 0 log verify "$recorder.log" --device "$recorder.img"
  expect 0 log list "$recorder.log"
  for mark in mkfs a-is-safe end; do
    grep -q "mark $mark\$" out || fail "$recorder: no mark $mark"
  done
  expect 0 check "$recorder.log"
done
XDG_CACHE_HOME=$HOME/cache expect 3 record --on guest --accel tcg --fs ext4 --size 32M \
  -o panic.log -- sh -c 'echo hi >a; sync; echo c >/proc/sysrq-trigger'
says err 'panic'
expect 0 log info panic.log
