#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# States mounted by a guest's kernel; and what is said when that cannot be.

. "$CLI/lib.sh"

needs_root
needs_guest
needs mkfs.xfs mkfs.btrfs xfs_repair btrfs
grep -qw xfs /proc/filesystems && grep -qw btrfs /proc/filesystems || skip "no XFS or btrfs here"
expect 0 record --on loop --fs btrfs --size 128M -o btrfs.log -- \
  bash "$CLI/../support/operations-120" "$POWERCUT" 2
expect 0 check btrfs.log --checker btrfs --data --json btrfs.json
json btrfs.json 'mounted == "guest" and complete and tier == "proved" and probe_classes > 10'
expect 0 record --on loop --fs xfs --size 320M -o xfs.log -- sh -c 'echo 1 >a; sync a; mv a b; sync'
expect 0 check xfs.log --checker xfs --share 0.2 --confidence 0.8 --json xfs.json
says out 'INFERRED for every window: no proof'
json xfs.json 'inferred_all and not complete and any(w["share"] == 0.2 for w in inferred)'
expect 3 check xfs.log --checker xfs --max-runs 20 --require-complete
says out 'NOT complete'

expect 3 check btrfs.log --checker usable:f2fs --jobs 1
says err 'f2fs'
grep -q hint err || fail "no hint: $(cat err)"
expect 2 check btrfs.log --checker btrfs --mount there
says err "cannot have states mounted in 'there'"
expect 3 check btrfs.log --checker btrfs --kernel "$PWD/nothing"
says err 'nothing'
