#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is unmounted outside while a run goes on is gone inside too: no file system of
# somebody else stays busy because a run has a copy of its mount. What the run mounts is
# seen by nobody else.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4
mkdir shared
mount -t tmpfs powercut-test shared || skip "cannot mount a tmpfs"
trap 'umount -q -l shared/theirs; umount -q -l shared' EXIT
mount --make-shared shared
mkdir shared/theirs
mount -t tmpfs powercut-test shared/theirs

"$POWERCUT" record --on loop --fs ext4 --size 32M -o run.log -- \
  bash -c "cat /proc/self/mounts >$PWD/inside; : >$PWD/started
           until [ -e $PWD/go ]; do sleep 0.05; done
           cat /proc/self/mounts >$PWD/inside_later" >out 2>err &
pid=$!
poll 20 test -e started
says inside "$PWD/shared/theirs"
grep -q ' ext4 ' inside || fail "the run's own mount is not there: $(<inside)"
ours=$(awk '$3 == "ext4" && $2 ~ /powercut/ {print $2}' inside)
[ -n "$ours" ] || fail "the run's own mount is not known: $(<inside)"
silent_on /proc/self/mounts "$ours"
umount shared/theirs || fail "busy"
: >go
wait_for "$pid" 20
if [ "$code" -ne 0 ]; then fail "exit $code: $(<err)"; fi
silent_on inside_later "$PWD/shared/theirs"
says inside_later "$ours"
umount shared || fail "busy"
trap - EXIT
no_leftovers
