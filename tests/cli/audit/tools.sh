#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What era_invalidate and thin_delta really print is read as it is meant: the metadata of
# a tracker that saw all is sound, that of one that missed a block is not.

# shellcheck source=tests/cli/audit_lists.sh
. "$CLI/audit_lists.sh"

needs era_restore era_invalidate thin_restore thin_delta
# The blocks of 64 KiB that the entries after mkfs changed.
list ranges 101 418 65536 | grep -v '#' |
  awk '{ for (i = 0; i < $2; i += 65536) print ($1 + i) / 65536 }' >blocks
last=$(tail -n 1 blocks)

era() {
  {
    echo '<superblock uuid="" block_size="128" nr_blocks="1024" current_era="4">'
    echo ' <writeset era="3" nr_bits="1024">'
    sed 's|.*|  <bit block="&" value="true"/>|' "$1"
    echo ' </writeset><era_array>'
    for block in {0..1023}; do echo "  <era block=\"$block\" era=\"0\"/>"; done
    echo ' </era_array></superblock>'
  } >in.xml
  truncate -s 4M meta
  era_restore -q -i in.xml -o meta && era_invalidate --written-since 3 meta
}

# A thin device of 1024 blocks, and its snapshot from before the blocks were written.
thin() {
  python3 - "$1" <<'PYTHON' >in.xml
import sys
changed = {int(line) for line in open(sys.argv[1])}
print('<superblock uuid="" time="1" transaction="2" flags="0" version="2" '
      'data_block_size="128" nr_data_blocks="4096">')
for device, moved in ((1, set()), (2, changed)):
    print(f'<device dev_id="{device}" mapped_blocks="1024" transaction="0" '
          'creation_time="0" snap_time="1">')
    for block in range(1024):
        print(f'<single_mapping origin_block="{block}" '
              f'data_block="{block + (1024 if block in moved else 0)}" '
              f'time="{1 if block in moved else 0}"/>')
    print("</device>")
print("</superblock>")
PYTHON
  truncate -s 4M meta
  thin_restore -q -i in.xml -o meta && thin_delta --thin1 1 --thin2 2 "${@:2}" meta
}

audit() {
  expect "$1" audit changes golden.log --size 64M --from mkfs --to end --changed list.xml \
    --json report.json "${@:2}"
}

grep -vx "$last" blocks >fewer
era blocks >list.xml || fail "no list"
audit 0 --format era --granularity 64K
era fewer >list.xml
audit 1 --format era --granularity 64K
json report.json "all(m['offset_bytes'] // 65536 == $last for m in missed)"
for verbose in no yes; do
  words=()
  if [ $verbose = yes ]; then words=(--verbose); fi
  thin blocks "${words[@]}" >list.xml || fail "no list"
  audit 0 --format thin-delta
  thin fewer "${words[@]}" >list.xml
  audit 1 --format thin-delta
  json report.json "all(m['offset_bytes'] // 65536 == $last for m in missed)"
done
