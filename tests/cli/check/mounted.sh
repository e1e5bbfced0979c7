#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# States judged by this kernel's recovery: ext4 crossed with e2fsck, btrfs proved, XFS inferred;
# and with a flush ignored, each has a finding.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4 mkfs.xfs mkfs.btrfs xfs_repair btrfs e2fsck
for fs in ext4 xfs btrfs; do
  grep -qw "$fs" /proc/filesystems || skip "this kernel has no $fs"
done
record() {
  expect 0 record --on loop --fs "$1" --size "$2" -o "$1.log" -- \
    bash "$CLI/../support/operations-120" "$POWERCUT" "$3"
}

record ext4 64M 10
expect 0 check ext4.log --data --cross-check --mount here --json ext4.json
says out 'the other recovery agrees with all'
json ext4.json 'complete and tier == "proved" and cross_checked > 20 and cross_differences == 0'
json ext4.json 'proved == states_permitted and inferred == [] and probe_classes > 100'

record btrfs 256M 10
expect 0 check btrfs.log --checker btrfs --data --mount here --audit 0.2 --json btrfs.json
json btrfs.json 'complete and tier == "proved" and mounted == "here" and audited > 0'
json btrfs.json 'proved == states_permitted and runs < 100 and probe_classes > 100'

record xfs 320M 2
expect 0 check xfs.log --checker xfs --data --mount here --require-complete --json xfs.json
says out 'INFERRED for every window: no proof'
json xfs.json 'tier == "inferred" and inferred_all and not complete and proved == "0"'
json xfs.json 'all(w["runs"] <= 40 + 3 * w["pending"] for w in inferred)'
json xfs.json 'all(w["share"] <= 0.01 and w["confidence"] >= 0.95 for w in inferred)'
json xfs.json 'any(w["deciding_writes"] for w in inferred) or any(w["outcomes"] > 1 for w in inferred)'

# One flush of each that carries weight; which, the sweep over all flushes says.
weight() {
  expect 0 check "$1.log" --checker "$1" --mount here --mutate-flushes --from "$2" --json "$1.json"
  json "$1.json" 'any(m["carries_weight"] for m in mutations)'
  json "$1.json" 'not any(m["carries_weight"] for m in mutations if m["writes"] == 0)'
}
weight ext4 mark:mkfs
weight btrfs mark:mkfs
weight xfs mark:operations-done
