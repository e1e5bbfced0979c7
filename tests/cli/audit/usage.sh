#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is asked wrongly is said so, with exit code 2, and no file is overwritten.

# shellcheck source=tests/cli/audit_lists.sh
. "$CLI/audit_lists.sh"

list ranges 0 418 1024 >all.txt
cp all.txt before.txt
show audit
show audit changes
show audit changes golden.log --size 64M
show audit changes golden.log --size 64M --from mkfs
show audit changes golden.log --size 64M --from mkfs --to end
all=(--size 64M --from mkfs --to end --changed all.txt)
show audit changes golden.log "${all[@]}" --format xml
show audit changes golden.log "${all[@]}" --granularity 1000
show audit changes golden.log "${all[@]}" --granularity 0
show audit changes golden.log "${all[@]}" --ignore 4096
show audit changes golden.log "${all[@]}" --ignore 64M+1
show audit changes golden.log "${all[@]}" --device 1
show audit changes golden.log "${all[@]}" --json all.txt
show audit changes golden.log "${all[@]}" --format1 wide
show audit changes golden.log --size 64M --from end --to mkfs --changed all.txt
show audit changes golden.log --size 64M --from nowhere --to end --changed all.txt
cmp all.txt before.txt || fail "the list was overwritten"
expect 0 audit changes golden.log "${all[@]}" --device device
expect 0 audit changes golden.log "${all[@]}" --device 0 --json -
json out 'missed == [] and checked_bytes > 0 and list["format"] == "ranges"'
