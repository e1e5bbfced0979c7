#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does the same to two equal disks, over two targets, one after the other; to be run in a
# guest that has ours loaded and upstream's as /upstream/VERSION.ko:
#
#   upstream_twin_in_guest.sh OPERATIONS DATA OURS OUR_LOG UPSTREAM UPSTREAM_LOG
#
# OPERATIONS has a line for each operation, with numbers in bytes:
#
#   write|dsync|discard OFFSET LENGTH FROM      FROM: where in DATA
#   flush
#   mark NAME

set -u

operations=$1 data=$2
export DM_DISABLE_UDEV=1

play() {
  local what a b c target=/dev/mapper/t
  while read -r what a b c; do
    case $what in
      write | dsync)
        local flags=direct,seek_bytes
        if [ "$what" = dsync ]; then flags+=,dsync; fi
        dd if="$data" of="$target" bs="$b" count=1 iflag=skip_bytes,fullblock skip="$c" \
          oflag="$flags" seek="$a" conv=notrunc status=none
        ;;
      discard) blkdiscard -o "$a" -l "$b" "$target" ;;
      flush) sync "$target" ;;
      mark) dmsetup message t 0 mark "$a" ;;
      *) false ;;
    esac || {
      echo "failed: $what $a $b $c"
      exit 1
    }
  done <"$operations"
}

# record DISK LOG
record() {
  dmsetup create t --table "0 $(blockdev --getsz "$1") log-writes $1 $2" || exit 1
  dmsetup targets | grep '^log-writes'
  play
  dmsetup remove --retry t || exit 1
}

record "$3" "$4"
rmmod dm_log_writes && insmod "/upstream/$(uname -r).ko" || exit 1
record "$5" "$6"
