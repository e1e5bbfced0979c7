#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Of several devices an instant is a directory with a file each.

. "$CLI/lib.sh"

needs_root
expect 0 model clone -o clone.log
mkdir at
serve clone.log at
ls at/end at/flush/1
[ -d at/start ] || fail "start is no directory"
for device in 0 1; do
  expect 0 replay clone.log --to flush:2 --device $device -o $device.img
  cmp at/flush/2/disk$device $device.img || fail "disk$device is not the replayed one"
done
cmp -s 0.img 1.img && fail "the devices are the same"
[ -e at/flush/2/disk2 ] && fail "there is a third disk"
kill -INT "$pid"
wait_for "$pid" 5
if [ "$code" -ne 0 ]; then fail "exit $code: $(<serve.err)"; fi
