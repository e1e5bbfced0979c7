#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Devices that are the same, in use, or hold something that is no log, are refused and said
# to be so; where there is no device-mapper that is said last, with what helps.

. "$CLI/lib.sh"

needs_root
needs losetup mount mkfs.ext4
loops=()
loop() {
  truncate -s 8M "$1"
  loops+=("$(losetup --show -f "$1")") || skip "cannot set up a loop device"
}
trap 'umount mounted 2>/dev/null; losetup -d "${loops[@]}"' EXIT
loop disk
loop log
loop other
disk=${loops[0]} log=${loops[1]} other=${loops[2]}

expect 2 record --on dm --device "$disk" --log "$disk" -- touch ran
says err "$disk and $disk are the same device"
expect 2 record --on dm --device "$disk" --device "$other" --device "$disk" --log "$log" -- touch ran
says err "are the same device"
mkfs.ext4 -qF "$other"
expect 2 record --on dm --device "$disk" --log "$other" -- touch ran
says err "cannot log to $other: there is something on it that is no log"
says err '--force'
mkdir mounted
mount "$other" mounted
expect 2 record --on dm --device "$other" --log "$log" -- touch ran
says err "cannot use $other: it is mounted on $PWD/mounted"
expect 2 record --on dm --device "$disk" --log "$other" --force -- touch ran
says err "it is mounted on $PWD/mounted"
umount mounted
if ! grep -q ' device-mapper$' /proc/misc; then
  expect 3 record --on dm --device "$disk" --log "$log" --fs ext4 -o run.log -- touch ran
  says err 'this kernel has no device-mapper'
  says err 'hint: '
  expect 3 mark --device powercut-none text
  says err 'this kernel has no device-mapper'
fi
if [ -e ran ] || [ -e run.log ]; then fail "something was done"; fi
