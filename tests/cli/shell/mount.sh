#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A state is mounted where others see it, and however the shell ends, nothing is left.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4 e2fsck
expect 0 record --on loop --fs ext4 --size 32M -o run.log -- bash -c '
  echo hello >a
  sync a'
mkdir mnt
mkfifo commands
# start: a shell with a state mounted at mnt; sets `pid`. Commands go to descriptor 8.
start() {
  # Made before the fifo is opened, on which we wait: else we could read the last one.
  "$POWERCUT" shell run.log >out 2>err <commands &
  pid=$!
  exec 8>commands
  echo "goto mark end; mount $PWD/mnt" >&8
  poll 10 grep -q '^mounted' out
  if [ "$(<mnt/a)" != hello ]; then fail "the state is not at mnt"; fi
}
gone() {
  if mountpoint -q mnt; then fail "mnt is still mounted after $1"; fi
  if grep -qF "$TMPDIR" /proc/mounts; then fail "a disk is still served after $1"; fi
  if grep -qF "$TMPDIR" /sys/block/loop*/loop/backing_file 2>/dev/null; then
    fail "a loop device is left after $1"
  fi
}

start
echo changed >mnt/b
echo 'goto flush 3; umount' >&8
poll 10 bash -c '! mountpoint -q mnt'
# A second time, of the same state: what was written is forgotten.
echo "goto mark end; mount $PWD/mnt" >&8
poll 10 mountpoint -q mnt
if [ -e mnt/b ]; then fail "a write outlived its mount"; fi
exec 8>&-
wait_for "$pid" 20
if [ "$code" -ne 0 ]; then fail "exit $code at the end of stdin: $(<err)"; fi
gone 'the end'
no_leftovers

start
echo 'frobnicate' >&8
wait_for "$pid" 20
if [ "$code" -ne 2 ]; then fail "exit $code of an error"; fi
exec 8>&-
gone 'an error'
no_leftovers

for signal in INT TERM; do
  start
  kill -"$signal" "$pid"
  wait_for "$pid" 20
  if [ "$code" -ne 130 ]; then fail "exit $code after SIG$signal"; fi
  exec 8>&-
  gone "SIG$signal"
  no_leftovers
done

# Busy: cut off, and told.
start
exec 9<mnt/a
exec 8>&-
wait_for "$pid" 30
exec 9<&-
gone 'a holder'
no_leftovers

start
kill -KILL "$pid"
wait_for "$pid" 5
exec 8>&-
poll 10 bash -c '! mountpoint -q mnt && ! grep -qF "$TMPDIR" /proc/mounts'
poll 10 bash -c '! grep -qF "$TMPDIR" /sys/block/loop*/loop/backing_file 2>/dev/null'
gone SIGKILL
expect 0 doctor --clean
no_leftovers
# A type that is none, and a disk that holds none.
show shell run.log --eval "goto mark end; mount '$PWD/mnt' nosuchfs" | sed "s|$PWD|DIR|; s|/dev/loop[0-9]*|LOOP|"
show shell run.log --eval "goto start; mount mnt"
show shell run.log --eval "goto mark end; mount mnt; mount mnt" | sed -e "s|$TMPDIR/[^/]*|RUN|" -e "s|$PWD|DIR|"
no_leftovers
