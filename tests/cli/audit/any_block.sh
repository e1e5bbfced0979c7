#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Whatever single block is taken out of a complete list: it is found, and no other.

# shellcheck source=tests/cli/audit_lists.sh
. "$CLI/audit_lists.sh"

list ranges 101 418 1024 | grep -v '#' |
  awk '{ for (i = 0; i < $2; i += 1024) print $1 + i, 1024 }' >blocks.txt
count=$(wc -l <blocks.txt)
if [ "$count" -lt 300 ]; then fail "only $count blocks"; fi
for ((line = 1; line <= count; line += 23)); do
  sed "${line}d" blocks.txt >without.txt
  expect 1 audit changes golden.log --size 64M --from mkfs --to end \
    --changed without.txt --json report.json
  offset=$(sed -n "${line}s/ .*//p" blocks.txt)
  json report.json "[(m['offset_bytes'], m['length_bytes']) for m in missed] == [($offset, 1024)]"
done
expect 0 audit changes golden.log --size 64M --from mkfs --to end --changed blocks.txt
