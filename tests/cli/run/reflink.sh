#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Clones that share blocks, on XFS and btrfs: each broken one is found by what it is about,
# its twin is clean. A read that sees what it should not ends the workload.

. "$CLI/lib.sh"

needs_root
needs mkfs.xfs xfs_repair mkfs.btrfs btrfs python3
library=$CLI/../../scenarios/library/reflink
for fs in xfs btrfs; do
  if ! grep -qw $fs /proc/filesystems; then skip "no $fs in this kernel"; fi
done

expect 0 run reflink --json report.json
told out
json report.json 'len(scenarios) == 12 and as_expected == 12 and findings_expected == 6'
# Nothing is found but what the program claims, or what another file's write changed.
json report.json 'all(c.startswith("/copy has ") and
                      ("[claimed]" in c or "`overwrite image 16K 4K`" in c)
                      for s in d["scenarios"] for f in s["findings"] for c in f["complaints"])'

# Without the word that the clone is an image, the ranges are as POSIX has them: clean.
mkdir wrong
for fs in xfs btrfs; do
  sed -e '/^  claim /d' "$library/reflink-ranges-$fs-broken.scenario" >wrong/unclaimed-$fs.scenario
done
expect 1 run wrong --json wrong.json
json wrong.json '[s["result"] for s in scenarios] == ["unexpected"] * 2'
json wrong.json 'all(s["findings"] == [] for s in d["scenarios"])'

# The block that was overwritten is read through the clone, which nobody wrote to.
mkdir read
for fs in xfs btrfs; do
  sed -e 's/^  fsync image/  fsync image\n  read copy 0 16K\n  read copy 16K 4K/' \
    "$library/reflink-overwritten-$fs-broken.scenario" >read/read-$fs-broken.scenario
  sed -e 's/^  fsync image/  fsync image\n  read copy 0 64K\n  read image 0 64K/' \
    "$library/reflink-overwritten-$fs-sound.scenario" >read/read-$fs-sound.scenario
done
expect 3 run read --json read.json
says out "'read copy 16K 4K': Bad message"
json read.json '[s["result"] for s in scenarios] == ["workload-failed", "as-expected"] * 2'
