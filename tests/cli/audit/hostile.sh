#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A list that is not what it should be is refused with file, line and what would be right;
# nothing is reported of it. Nor is of an interval in which nothing was written.

# shellcheck source=tests/cli/audit_lists.sh
. "$CLI/audit_lists.sh"

ulimit -v 4000000
audit() {
  show audit changes golden.log --size 64M --from mkfs --to end --changed "$@"
}

printf '0 4K\n4K\n' >words.txt
audit words.txt
printf '0 64M\n0 67109376\n' >beyond.txt
audit beyond.txt
printf '0 18446744073709551615\n' >huge.txt
audit huge.txt
head -c 4096 /dev/zero >zeros.txt
"$POWERCUT" audit changes golden.log --size 64M --from mkfs --to end --changed zeros.txt \
  >out 2>err
if [ $? -ne 3 ]; then fail "zeros were taken for a list"; fi
printf '<blocks>\n  <range begin="0" end="5"/>\n' >cut.xml
audit cut.xml --format era --granularity 64K
audit cut.xml --format era
audit cut.xml --format thin-delta
printf '<blocks>\n  <block block="16384"/>\n</blocks>\n' >other.xml
audit other.xml --format era --granularity 4K
list thin-delta 101 418 65536 >delta.xml
audit delta.xml --format thin-delta --granularity 4K
printf '[{"start": 0, "length": 4096, "zero": true, "data": false}]\n' >image.json
audit image.json --format qemu-bitmap
printf '{"granularity": 65536,\n "dirty": [[0, 65536],\n [70000, 65536]]}\n' >odd.json
audit odd.json --format qemu-bitmap
printf '[{"start": 0, "length": 4096, "data": true,\n  "data": false}]\n' >twice.json
audit twice.json --format qemu-bitmap
printf '{"granularity": 4096, "dirty": [[0, 4096]],\n "dirty": []}\n' >again.json
audit again.json --format qemu-bitmap
printf '[{"start": 0, "length": 4096, "zero": 1, "data": false}]\n' >number.json
audit number.json --format qemu-bitmap
audit nowhere.txt
audit .

list ranges 0 418 1024 >all.txt
show audit changes golden.log --size 64M --from mark:end --to end --changed all.txt
show audit changes golden.log --size 64M --from f5 --to f5 --changed all.txt
show audit changes golden.log --size 64M --from f5 --to f6 --changed all.txt --ignore 0+64M
