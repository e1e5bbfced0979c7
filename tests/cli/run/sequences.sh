#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every generated workload of one operation, on ext4, XFS and btrfs, all permitted states:
# clean, but for what is known of btrfs (candidates/btrfs-rename-synced-by-directory).

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4 e2fsck mkfs.btrfs btrfs mkfs.xfs xfs_repair python3
"$POWERCUT" generate --length 1 --out all >/dev/null
count=$(find all -name '*.scenario' | wc -l)
[ "$count" = 446 ] || fail "$count workloads"

for fs in ext4 xfs btrfs; do
  grep -qw "$fs" /proc/filesystems || modprobe "$fs" 2>/dev/null || skip "no $fs here"
  "$POWERCUT" run all --fs "$fs" --until-done --share 0.05 --quiet --json "$fs.json" \
    >"$fs.out" 2>"$fs.err"
  code=$?
  want=0
  [ "$fs" = btrfs ] && want=1
  [ "$code" = "$want" ] || fail "$fs: exit $code: $(cat "$fs.out" "$fs.err")"
  json "$fs.json" 'len(scenarios) == 446 and failed == inconclusive == skipped == 0'
done
json ext4.json 'unexpected == 0 and all(s["proved"] for s in scenarios)'
json xfs.json 'unexpected == 0 and all(s["inferred"] for s in scenarios)'
json btrfs.json 'unexpected == 12'
json btrfs.json '(all("did half of it [atomic-rename]" in c for s in scenarios
  for f in s["findings"] for c in f["complaints"]))'
