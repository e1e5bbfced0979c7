#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A recording of today: a tracker's list that ends before the unmount lacks its writes,
# and a discard that a list lacks is found.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4 e2fsck python3
# shellcheck disable=SC2016  # the workload's variables
record 0 --fs ext4 -- bash -c '
  echo one >a && sync && "$0" mark full-backup
  for i in {1..20}; do echo $i >>a; done
  mkdir d && head -c 100000 /dev/urandom >d/b && sync && "$0" mark written
  rm a && sync && fstrim "$POWERCUT_MOUNT" 2>/dev/null || true' "$POWERCUT"
"$POWERCUT" log list run.log --json >entries.json || fail "log list"

# list KIND: of what was written between the marks full-backup and KIND.
list() {
  python3 - "$@" <<'PYTHON'
import json, sys
until, without = sys.argv[1], sys.argv[2:]
inside = False
for line in open("entries.json"):
    event = json.loads(line)
    if event["type"] == "mark":
        inside = (inside or event["text"] == "full-backup") and event["text"] != until
    elif event["type"] == "submit" and inside and event.get("length_bytes"):
        if event["op"] not in without:
            print(event["offset_bytes"], event["length_bytes"])
PYTHON
}

list end >all.txt
expect 0 audit changes run.log --from full-backup --to end --changed all.txt
says out 'result   nothing missed'
list written >early.txt
expect 0 audit changes run.log --from full-backup --to written --changed early.txt
expect 1 audit changes run.log --from full-backup --to end --changed early.txt \
  --json report.json
says out 'superblock'
json report.json '"superblock" in [o["owner"] for o in owners] and notes == []'
# While it was mounted, the new file is known after its journal is replayed.
: >none.txt
expect 1 audit changes run.log --from full-backup --to written --changed none.txt \
  --json report.json
json report.json 'any(o["owner"] == "file /d/b" for o in owners) and missed_bytes == checked_bytes'
json report.json 'any(o["owner"] == "journal" for o in owners)'
if grep -q '"op":"discard"' entries.json; then
  list end discard >no_discards.txt
  expect 1 audit changes run.log --from full-backup --to end --changed no_discards.txt \
    --json report.json
  json report.json 'any(e["op"] == "discard" for e in entries)'
fi
