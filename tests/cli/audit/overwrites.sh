#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What touches an extent is told with entry, place, extent and place in the file; what lies
# right before and behind is not. A run that could find nothing is no pass.

# shellcheck source=tests/cli/audit_lists.sh
. "$CLI/audit_lists.sh"

audit() {
  show audit overwrites golden.log --size 64M --extents "$@"
}

# Entry 394 writes 1 KiB at 4494336, in the unmount.
cat >extents.txt <<'END'
# three neighbours
4493312 1K before 0
4494336 1K image 8K    # the one that is hit
4495360 1K behind 0
END
audit extents.txt --from entry:369 --to entry:393
audit extents.txt --from entry:369 --to end
sed -i '/image/d' extents.txt
audit extents.txt --from entry:369
# Extents that overlap are told each; a discard touches all of them.
printf '0 512\n0 64M whole\n1M 4K a 0\n' >overlap.txt
expect 1 audit overwrites golden.log --size 64M --extents overlap.txt --to entry:3 \
  --json report.json
says out 'discard sectors 0 to 131071'
json report.json '[p["name"] for p in overwrites[-1]["parts"]] == ["", "whole", "a"]'
json report.json 'overwrites[-1]["op"] == "discard" and overwritten_bytes == 64 << 20'
json report.json 'overwrites[-1]["parts"][2]["file_offset_bytes"] == 0 and extents["extents"] == 3'
# Whatever single block an interval changed: found, and by the entries that log list has.
python3 - >blocks.txt <<'PYTHON'
import json
for line in open("entries.json"):
    event = json.loads(line)
    if event.get("length_bytes") and 368 <= event["seq"] <= 417:
        print(event["seq"], event["offset_bytes"], event["length_bytes"])
PYTHON
if [ "$(wc -l <blocks.txt)" -lt 20 ]; then fail "too few entries"; fi
while read -r seq offset length; do
  echo "$offset $length" |
    "$POWERCUT" audit overwrites golden.log --size 64M --extents - --from entry:367 \
      --json report.json >out 2>err
  if [ $? -ne 1 ]; then fail "entry $seq was not found"; fi
  json report.json "$seq in [o['seq'] for o in overwrites]"
done <blocks.txt

# What is wrong, or could find nothing.
: >none.txt
audit none.txt
audit extents.txt --from mark:end --to end
printf '0 4K\n4K\n' >words.txt
audit words.txt
printf '63M 2M image\n' >beyond.txt
audit beyond.txt
audit extents.txt --from end --to mkfs
audit extents.txt --json extents.txt
audit extents.txt --device 1
audit extents.txt --format1 wide
show audit overwrites golden.log --size 64M
