#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The facts of this machine, a line each.

. "$CLI/lib.sh"

needs_root
expect 0 doctor
for fact in kernel root fuse loop e2fsck mkfs.ext4; do
  grep -Eq "^(ok|no)   $fact( |\$)" out || fail "no line for $fact"
done
says out 'checker: '
silent_on out 'left '
expect 0 doctor --clean
says out 'nothing was left behind'
