#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A torn write of many blocks is named for the blocks that are missing, and not for all
# that it holds.

. "$CLI/lib.sh"

needs_root
needs e2fsck mkfs.ext4 python3
expect 0 record --on loop --fs ext4 --size 64M -o run.log -- "$CLI/../../tools/quickstart-workload"
# Some flush makes the blocks of a transaction durable before its commit.
found=0
for ((flush = 5; flush <= 9 && found == 0; flush++)); do
  "$POWERCUT" check run.log --fault "ignore-flush:$flush" --stop-after 20 --explain \
    --json c.json >out 2>err
  if [ $? -eq 1 ] && grep -q '"kind": "torn"' c.json; then found=$flush; fi
done
if [ "$found" -eq 0 ]; then fail "no flush whose loss tears a write"; fi
python3 - <<'PYTHON' || fail "torn writes are not named for what is missing of them"
import json, sys
seen = 0
for finding in json.load(open("c.json"))["findings"]:
    for write in finding["explanation"]["writes"]:
        if write["kind"] != "torn" or not write["holds"].startswith("journal: "):
            continue
        pieces = [piece for part in write["holds"].split("; ")
                  for piece in part.split(": ", 1)[1].split(", ")]
        missing = 0
        for text in write["sectors"]:
            first, last = (text.split("-") + [text])[:2]
            missing += int(last) - int(first) + 1
        blocks = missing * 512 // 4096
        if blocks >= 6 or blocks * 4096 >= write["length_bytes"]:
            continue  # many are cut short; all is no part
        seen += 1
        if len(pieces) != blocks:
            print(write, file=sys.stderr)
            sys.exit(1)
print(seen, file=sys.stderr)
sys.exit(0 if seen > 0 else 1)
PYTHON
