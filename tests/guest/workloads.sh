#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Workloads on several file systems, recorded in a guest by the kernel's target, in both
# formats; each log must say what is on the disk. See workloads_in_guest.sh.
#
#   workloads.sh [NAME...]
#
# SEED chooses the random operations, and is printed.

guest_tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/guest/lib.sh
. "$guest_tests/lib.sh"
begin

disk small.img 64M
disk btrfs.img 110M
disk xfs.img 300M
disk log.img 512M
loads=()
for module in xfs btrfs vfat nls_ascii nls_cp437; do
  if find /lib/modules -name "$module.ko*" 2>/dev/null | grep -q .; then
    loads+=(--load "$module")
  fi
done
in_guest table.out "${loads[@]}" --with mkfs.ext2 --memory 768 --disk small.img --disk btrfs.img --disk xfs.img \
  --disk log.img -- env "SEED=${SEED:-1}" bash "$guest_tests/workloads_in_guest.sh" \
  /dev/vda /dev/vdb /dev/vdc /dev/vdd "$@"
code=$?
if [ "$code" -ne 0 ]; then wrong "exit code $code"; fi
equal=$(sed -n 's/^\([0-9]*\) equal, .*/\1/p' table.out)
if [ $# -eq 0 ] && [ "${equal:-0}" -lt 20 ]; then wrong "${equal:-0} workloads, fewer than 20"; fi
for format in 1 2; do
  for fs in raw ext4 ext4-1k btrfs xfs; do
    if [ $# -eq 0 ] && ! grep -q "^$fs  *[a-z_]*  *$format  equal" table.out; then
      wrong "nothing recorded on $fs in format $format"
    fi
  done
done
if ! grep -q '^a changed device: not equal' table.out; then wrong "a changed device went unseen"; fi
end "${equal:-0} workloads equal"
