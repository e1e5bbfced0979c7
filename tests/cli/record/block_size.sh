#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The logical block size of the disk is what was asked for, and in the log.

. "$CLI/lib.sh"

needs_root
for size in 512 1024 2048 4096; do
  expect 0 record --size 1M --block-size $size -o $size.log -- bash -c '
    name=$(basename "$POWERCUT_DEVICE")
    cat "/sys/block/$name/queue/logical_block_size"
    dd if=/dev/zero of="$POWERCUT_DEVICE" bs=4096 count=2 conv=fsync status=none'
  cat out
  expect 0 log info $size.log --json -
  json out "devices[0]['logical_block_bytes'] == $size"
done
