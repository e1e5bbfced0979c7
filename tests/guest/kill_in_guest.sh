#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Records numbered records, without an end; to be run in a guest that will be killed:
#
#   kill_in_guest.sh raw|ext4 FORMAT DISK LOG
#
# Says "ready", then "done I" when record I is durable on the recorded device.

set -u

kind=$1
if [ "$kind" = ext4 ]; then
  exec powercut record --on dm --format "$2" --zero --device "$3" --log "$4" --fs ext4 -- \
    bash "$(realpath "$0")" records-in-files
fi
if [ "$kind" = raw ]; then
  export DM_DISABLE_UDEV=1
  dmsetup create t --table "0 $(blockdev --getsz "$3") log-writes $3 $4 4 format $2 ack log" ||
    exit 1
fi

echo ready
for ((i = 1; ; i++)); do
  if [ "$kind" = raw ]; then
    printf '%-4096s' "record $i" | dd of=/dev/mapper/t bs=4096 seek="$i" iflag=fullblock \
      oflag=direct conv=fsync,notrunc status=none || exit 1
  else
    echo "record $i" >"r$i" && sync "r$i" || exit 1
  fi
  echo "done $i"
done
