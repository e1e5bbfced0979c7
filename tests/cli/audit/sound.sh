#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A list that was made from the log misses nothing, in each format; what it has too much
# is counted and allowed.

# shellcheck source=tests/cli/audit_lists.sh
. "$CLI/audit_lists.sh"

list ranges 101 418 1024 >exact.txt
show audit changes golden.log --size 64M --from mkfs --to mark:end --changed exact.txt
for format in ranges era thin-delta qemu-bitmap; do
  list $format 101 418 65536 >rounded
  show audit changes golden.log --size 64M --from mark:mkfs --to end --changed rounded \
    --format $format --granularity 64K
done
# From a pipe, and with what the list lacks left out.
list ranges 115 418 1024 >short.txt
"$POWERCUT" audit changes golden.log --size 64M --from mkfs --to end --changed - \
  --json report.json <short.txt >out 2>err
if [ $? -ne 1 ]; then fail "the first file is missed by nobody"; fi
ignores=$(python3 -c '
import json
for missed in json.load(open("report.json"))["missed"]:
    print("--ignore %d+%d" % (missed["offset_bytes"], missed["length_bytes"]))')
# shellcheck disable=SC2086  # words of their own
expect 0 audit changes golden.log --size 64M --from mkfs --to end --changed short.txt \
  $ignores --json report.json
says out 'result   nothing missed'
json report.json 'missed == [] and ignored_bytes > 0 and missed_bytes == 0'
