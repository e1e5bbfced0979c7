#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A tracker that stopped before the unmount missed what the unmount wrote: told by place,
# by entry and by owner. So is one that does not know discards.

# shellcheck source=tests/cli/audit_lists.sh
. "$CLI/audit_lists.sh"

needs e2fsck
# Entries 394 to 417 are the unmount's.
list era 368 393 1024 >early.xml
show audit changes golden.log --size 64M --from entry:367 --to mark:end \
  --changed early.xml --format era --granularity 1K
# In the middle of a mount the journal is replayed, to know what lies where: /f6 is in
# the journal only.
list ranges 191 199 1024 >journal.txt
show audit changes golden.log --size 64M --from f5 --to f6 --changed journal.txt
# Discards at mkfs are of the whole disk.
list ranges 0 100 1024 discard >writes.txt
expect 1 audit changes golden.log --size 64M --from start --to mkfs --changed writes.txt \
  --json report.json
sed -n '/^result/p' out
says out '3 discard offset 0 length 67108864: '
json report.json 'all(e["op"] == "discard" for e in entries) and len(entries) > 0'
json report.json 'sum(o["bytes"] for o in owners) == missed_bytes == sum(m["length_bytes"] for m in missed)'
json report.json 'changed["discards"] == 2 and changed["bytes"] == 64 << 20'
# Every entry of a missed range is one of the log's, and every range has an owner.
json report.json 'all(m["entries"] and m["owners"] for m in missed)'
list ranges 0 100 1024 >all.txt
expect 0 audit changes golden.log --size 64M --from start --to mkfs --changed all.txt
