#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kill -9 of a mount at a place of the user's own, with file systems mounted on its files:
# doctor finds them, doctor --clean removes them; nothing is left, and DIR stays.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4
golden_log golden.log
mkdir at mnt other
# Another run, alive, whose mounts are none of the doctor's business.
"$POWERCUT" mount golden.log other --size 64M >other.out 2>other.err &
other=$!
poll 10 test -s other.out

serve golden.log at --size 64M
ls at/flush >/dev/null
kill -KILL "$pid"
wait_for "$pid" 10
expect 0 doctor
says out 'left run directory'
expect 0 doctor --clean
grep -q " $PWD/at " /proc/self/mountinfo && fail "at is still mounted"
rmdir at && mkdir at || fail "at is still in use"

serve golden.log at --size 64M
mount -o loop at/mark/f3 mnt || fail "no mount"
exec 9<at/flush/3
kill -KILL "$pid"
wait_for "$pid" 10
expect 0 doctor
says out "left mount            $PWD/mnt"
says out "left disk server mount $PWD/at"
silent_on out "$PWD/other"
expect 0 doctor --clean
exec 9<&-
expect 0 doctor
silent_on out "$PWD/at"
silent_on out "$PWD/mnt"
silent_on out 'left run directory'
grep -q -e " $PWD/at " -e " $PWD/mnt " /proc/self/mountinfo && fail "something is mounted"
if [ -n "$(find at mnt -mindepth 1)" ]; then fail "something is there: $(find at mnt)"; fi

# Without the run directory of the other TMPDIR it is told by its server, which is dead.
serve golden.log at --size 64M
mount -o loop at/mark/f3 mnt || fail "no mount"
kill -KILL "$pid"
wait_for "$pid" 10
mkdir elsewhere
TMPDIR=$PWD/elsewhere expect 0 doctor --clean
grep -q -e " $PWD/at " -e " $PWD/mnt " /proc/self/mountinfo && fail "something is mounted"
expect 0 doctor --clean

# The live run has lived through all of it.
cmp other/mark/f3 other/mark/f3 || fail "the other run is gone"
[ -e other/mark/f3 ] || fail "the other run serves nothing"
kill -INT "$other"
wait_for "$other" 5
if [ "$code" -ne 0 ]; then fail "exit $code of the other: $(<other.err)"; fi
rmdir at mnt other || fail "a directory is in use"
