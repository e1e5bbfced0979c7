#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A file's extents are a list that `audit overwrites` reads, whatever the file is called;
# what has no place is a comment or refused.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4 python3
truncate -s 32M disk.img
mkfs.ext4 -q -F -b 4096 disk.img || fail "mkfs"
mkdir mnt
mount -o loop disk.img mnt || skip "cannot mount a loop"
trap 'umount "$PWD/mnt"' EXIT
head -c 100000 /dev/urandom >'mnt/a #b'
head -c 8192 /dev/urandom >mnt/sparse
truncate -s 1M mnt/sparse
fallocate -o 64K -l 64K mnt/sparse
: >mnt/empty

expect 0 extents 'mnt/a #b'
cp out list.txt
if [ "$(cut -d ' ' -f 3 list.txt | sort -u)" != 'a\x20\x23b' ]; then fail "$(<list.txt)"; fi
if [ "$(awk '{ bytes += $2 } END { print bytes }' list.txt)" -ne 102400 ]; then
  fail "not 25 blocks: $(<list.txt)"
fi
expect 0 extents mnt/sparse
says out 'mnt/sparse are preallocated, and were never written'
if [ "$(grep -vc '^#' out)" -ne 1 ]; then fail "$(<out)"; fi
expect 0 extents --shared mnt/sparse
says err 'mnt/sparse has no shared extent on the disk'
expect 0 extents mnt/empty
says err 'mnt/empty has no extent on the disk'
show extents
show extents nowhere
show extents mnt
show extents /proc/self/status

# The bytes are there.
cp 'mnt/a #b' content
umount mnt || fail "cannot unmount"
trap - EXIT
while read -r offset length _ at; do
  dd if=disk.img of=there bs=4096 skip=$((offset / 4096)) count=$((length / 4096)) 2>dd.err
  truncate -s $((at + length > 100000 ? 100000 - at : length)) there
  tail -c +$((at + 1)) content | head -c "$length" >wanted
  cmp there wanted || fail "not at $offset"
done <list.txt
# A log of nothing but a write there.
# shellcheck disable=SC2016  # the workload's variables
"$POWERCUT" record --on loop --size 32M -o run.log -- bash -c \
  'head -c 4096 /dev/zero | dd of="$POWERCUT_DEVICE" bs=4096 oflag=direct conv=notrunc \
     seek=$((($(head -n 1 "$0" | cut -d " " -f 1)) / 4096)) 2>/dev/null' \
  "$PWD/list.txt" >out 2>err || fail "record: $(<err)"
expect 1 audit overwrites run.log --extents list.txt --json report.json
json report.json 'overwrites[0]["parts"][0]["name"] == "a\\x20\\x23b" and overwritten_bytes == 4096'
