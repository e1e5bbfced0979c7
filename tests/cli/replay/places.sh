#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The image at each kind of place, by its digest; the end equals an application by hand.

. "$CLI/lib.sh"

golden_log golden.log
needs python3
for where in start mark:mkfs mark:f3 flush:5 entry:112 seq:112 mark:end end; do
  expect 0 replay golden.log --to "$where" --size 64M -o disk.img
  says err "disk.img holds the state at $where ("
  if [ "$(stat -c %s disk.img)" -ne 67108864 ]; then fail "$where: the size is wrong"; fi
  echo "$where $(sha256sum <disk.img | cut -c 1-32)"
done
# By hand: every entry of the log, one after the other.
python3 - golden.log by_hand.img <<'PYTHON'
import struct, sys
log = open(sys.argv[1], "rb").read()
disk = bytearray(64 << 20)
count, sector = struct.unpack_from("<QI", log, 16)
at = sector
for _ in range(count):
    place, length, flags, data_bytes = struct.unpack_from("<QQQQ", log, at)
    at += sector
    if flags & 4:
        disk[place * 512:(place + length) * 512] = bytes(length * 512)
    elif not flags & 8:
        disk[place * sector:(place + length) * sector] = log[at:at + length * sector]
        at += length * sector
open(sys.argv[2], "wb").write(disk)
PYTHON
cmp disk.img by_hand.img || fail "the end is not what the log says"
if [ "$(stat -c '%b * %B' disk.img | sed 's/ //g')" = 131072\*512 ]; then
  fail "the image is not sparse"
fi
ls
