#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the guilty writes of a finding on XFS hold is told by xfs_db.

. "$CLI/lib.sh"

needs_root
needs mkfs.xfs xfs_repair xfs_db python3
if ! grep -qw xfs /proc/filesystems; then skip "no XFS in this kernel"; fi
expect 0 record --on loop --fs xfs --size 300M -o run.log -- \
  sh -c 'for i in 1 2 3; do echo hello $i >f$i; sync f$i; done'
flags=(--checker xfs --mount here --fault ignore-flush:all)
expect 1 check run.log "${flags[@]}" --stop-after 1 --time 60 --explain --json c.json
python3 - <<'PYTHON' || fail "blocks of XFS are not named"
import json, sys
holds = [write["holds"] for finding in json.load(open("c.json"))["findings"]
         for write in finding["explanation"]["writes"]]
print(sorted(set(holds))[:20], file=sys.stderr)
known = [text for text in holds if " of AG " in text or text.startswith(("superblock", "journal"))]
sys.exit(0 if holds and known and not any("not known" in text for text in holds) else 1)
PYTHON
