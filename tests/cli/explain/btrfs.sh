#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The fault that btrfs has if the flush before a superblock is not obeyed: the superblock
# is there, and the trees that it points to are not. Named by btrfs inspect-internal.

. "$CLI/lib.sh"

needs_root
needs mkfs.btrfs btrfs python3
if ! grep -qw btrfs /proc/filesystems; then skip "no btrfs in this kernel"; fi
expect 0 record --on loop --fs btrfs --size 300M -o run.log -- \
  sh -c 'for i in 1 2 3; do echo hello $i >f$i; sync f$i; done; sync'
flags=(--checker btrfs --mount here)
expect 0 check run.log "${flags[@]}" --mutate-flushes
flush=$(awk '/CARRIES WEIGHT/ {print $1; exit}' out)
[ -n "$flush" ] || fail "no flush carries weight: $(<out)"
expect 1 check run.log "${flags[@]}" --fault "ignore-flush:$flush" --stop-after 1 --explain \
  --json c.json
says out 'reached the medium; holds: superblock 0; '
python3 - <<'PYTHON' || fail "blocks of btrfs are not named"
import json, sys
writes = [write for finding in json.load(open("c.json"))["findings"]
          for write in finding["explanation"]["writes"]]
print(writes, file=sys.stderr)
sys.exit(0 if writes and all(write["holds"] for write in writes) and
         not any("not known" in write["holds"] for write in writes) else 1)
PYTHON
