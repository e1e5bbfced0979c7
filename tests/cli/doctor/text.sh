#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The facts of this machine, a line each; what a run that is dead left is listed, and removed
# by --clean. What others than this test left on the machine is none of its business.

. "$CLI/lib.sh"

needs_root
# left_here: the lines about what lies below this test's $TMPDIR, where all its runs are.
left_here() { grep "^left " out | grep -F "$TMPDIR/" >&2; }

expect 0 doctor
for fact in kernel root fuse loop e2fsck mkfs.ext4; do
  grep -Eq "^(ok|no)   $fact( |\$)" out || fail "no line for $fact"
done
says out 'checker: '
if left_here; then fail "something is left of nothing"; fi

dead=$TMPDIR/powercut-0123456789abcd
mkdir "$dead"
echo 'pid 1 powercut check' >"$dead/owner"
echo data >"$dead/log"
expect 0 doctor
grep -Fx "left run directory    $dead (pid 1 powercut check)" out >/dev/null ||
  fail "$dead is not listed"
[ -e "$dead/log" ] || fail "doctor alone removed it"
expect 0 doctor --clean
says out "run directory $dead (pid 1 powercut check): removed"
if [ -e "$dead" ]; then fail "$dead is still there"; fi
expect 0 doctor
if left_here; then fail "something is left of what was removed"; fi
