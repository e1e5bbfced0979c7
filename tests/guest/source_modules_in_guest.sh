#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes a device of a target, writes, reads back and removes it, and once more; to be run in
# a guest that has the target and log-writes:
#
#   source_modules_in_guest.sh dm-clone|dm-thin-pool META DATA SOURCE LOG
#
# META and DATA are recorded on LOG, as devices 0 and 1, and are zeros; the write lies
# between the marks "begin" and "end". SOURCE is what a clone is made of. Prints "ok TARGET"
# if all is well.

set -u
target=$1 meta=$2 data=$3 source=$4 log=$5
failed=0

run() {
  "$@" && return
  echo "WRONG: exit code $? of: $*" >&2
  failed=$((failed + 1))
}

# up new|again
up() {
  local table="0 $size clone /dev/mapper/meta /dev/mapper/data $source 8 1 no_hydration"
  if [ "$target" = dm-thin-pool ]; then
    run dmsetup create pool \
      --table "0 $size thin-pool /dev/mapper/meta /dev/mapper/data 128 0"
    if [ "$1" = new ]; then run dmsetup message pool 0 'create_thin 0'; fi
    table="0 $size thin /dev/mapper/pool 0"
  fi
  run dmsetup create stack --table "$table"
}

down() {
  run dmsetup remove stack
  if [ "$target" = dm-thin-pool ]; then run dmsetup remove pool; fi
}

size=$(blockdev --getsz "$data")
run dmsetup create meta --table \
  "0 $(blockdev --getsz "$meta") log-writes $meta $log 2 format 2"
run dmsetup create data --table "0 $size log-writes $data $log 2 format 2"
up new
# What was not written is the source of a clone, and zeros of a thin device.
if [ "$target" = dm-clone ]; then
  run dd if="$source" of=wanted bs=1M status=none
else
  truncate -s $((size * 512)) wanted
fi
head -c 12K /dev/urandom >written
run dd if=written of=wanted bs=4K seek=100 conv=notrunc status=none
run dmsetup message data 0 mark begin
run dd if=written of=/dev/mapper/stack bs=4K seek=100 oflag=direct conv=fsync status=none
run dmsetup message data 0 mark end
run cmp wanted /dev/mapper/stack
down
# The same, from what is on the disks.
up again
run cmp wanted /dev/mapper/stack
down
run dmsetup remove data
run dmsetup remove meta
if [ "$(dmsetup ls)" != 'No devices found' ]; then run false "$(dmsetup ls)"; fi
if [ "$failed" -gt 0 ]; then exit 1; fi
echo "ok $target"
