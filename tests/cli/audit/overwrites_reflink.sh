#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A block that an image shares with its clone is written where it lies: found in the log,
# with its place in the file. The file system that copies it on write is silent. Where the
# blocks lie is asked of the state at the mark, so any log does.

. "$CLI/lib.sh"

needs_root
needs mkfs.xfs mkfs.btrfs python3
library=$CLI/../../scenarios/library/reflink

# mapped FS LOG: the shared extents of image, as they were at the mark prepared.
mapped() {
  local mounted=$PWD/mnt
  rm -f disk.img
  expect 0 replay "$2" --to mark:prepared -o disk.img
  mkdir -p "$mounted"
  mount -t "$1" -o loop disk.img "$mounted" || fail "the state at the mark does not mount"
  "$POWERCUT" extents --shared "$mounted/image" >shared.txt
  local code=$?
  "$POWERCUT" extents "$mounted/image" >all.txt
  umount "$mounted" || fail "cannot unmount"
  if [ $code -ne 0 ]; then fail "powercut extents: $code"; fi
}

for fs in xfs btrfs; do
  size=320M
  options=()
  if [ $fs = btrfs ]; then
    size=128M
    options=(--mount-options nodatasum)
  fi
  for kind in broken sound; do
    rm -f run.log
    expect 0 record --on loop --fs $fs --size $size "${options[@]}" -o run.log -- \
      "$POWERCUT" perform "$library/reflink-overwritten-$fs-$kind.scenario"
    mapped $fs run.log
    cmp shared.txt all.txt || fail "$fs: not all of the image is shared"
    if [ "$(awk '{ bytes += $2 } END { print bytes }' shared.txt)" -lt 65536 ]; then
      fail "$fs: the list is not whole: $(<shared.txt)"
    fi
    wanted=0
    if [ $kind = broken ]; then wanted=1; fi
    expect $wanted audit overwrites run.log --extents shared.txt --from prepared --to end \
      --json report.json
    if [ $kind = broken ]; then
      json report.json 'len(overwrites) == 1 and overwritten_bytes == 4096'
      json report.json 'overwrites[0]["parts"][0]["name"] == "image"'
      json report.json 'overwrites[0]["parts"][0]["file_offset_bytes"] == 16384'
      json report.json 'overwrites[0]["time_ns"] > 0'
    else
      # Something was written, only not there.
      json report.json 'overwrites == [] and changed["entries"] > 0'
    fi
    # From the beginning on the data itself is there: the list is of the right places.
    expect 1 audit overwrites run.log --extents shared.txt --to prepared --json report.json
    json report.json 'overwritten_bytes == extents["bytes"]'
  done
done
