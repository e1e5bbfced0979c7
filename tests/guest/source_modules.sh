#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds each target of the kernel's source, as it is and with its edit, and boots a guest
# with it, in which source_modules_in_guest.sh writes to a device of it. The recording of
# the disks below tells whether the disk of the data is flushed before the metadata is
# committed, as it must be: with the edit it is not.

guest_tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/guest/lib.sh
. "$guest_tests/lib.sh"
needs xz tar make
begin

# One of each name, wherever it comes from.
for other in '--load dm-clone' '--build-module dm-clone:no-destination-flush'; do
  # shellcheck disable=SC2086  # two words
  "$POWERCUT" guest --build-module dm-clone $other -- true 2>err
  code=$?
  if [ "$code" -eq 77 ]; then
    why=$(sed -n 's/^powercut: //p' err | head -n 1)
    cd / && rm -rf --one-file-system "$scratch"
    skip "$why"
  fi
  if [ "$code" -ne 2 ] || ! grep -q 'two modules dm-clone' err; then
    wrong "exit code $code, not 2, with $other"
  fi
done

# The flushes of the data (F) and the commits (C: writes of the metadata's superblock) that
# were begun between the marks.
order_of() {
  "$POWERCUT" log list "$1" --json | sed -n '/"text":"begin"/,/"text":"end"/{
    s/.*"type":"submit","op":"flush","device":1,.*/F/p
    s/.*"type":"submit","op":"write","device":0,"offset_bytes":0,.*/C/p
  }' | tr -d '\n'
}

passed=0
for module in dm-clone dm-clone:no-destination-flush dm-thin-pool dm-thin-pool:no-data-flush; do
  rm -f ./*.img
  disk meta.img 8M
  disk data.img 32M
  disk log.img 64M
  head -c 32M /dev/urandom >source.img
  in_guest out --build-module "$module" --with blockdev --disk meta.img --disk data.img \
    --disk source.img --disk log.img -- bash "$guest_tests/source_modules_in_guest.sh" \
    "${module%:*}" /dev/vda /dev/vdb /dev/vdc /dev/vdd
  code=$?
  order=$(order_of log.img)
  echo "$module: $order"
  case $module in
    *:*) wanted='^C+F$' ;;
    *) wanted='^F[CF]*$' ;;
  esac
  if [ "$code" -eq 0 ] && grep -qx "ok ${module%:*}" out && [[ $order == *C* ]] &&
    [[ $order =~ $wanted ]]; then
    passed=$((passed + 1))
  else
    wrong "$module: exit code $code, flushes and commits '$order', not $wanted"
  fi
done
end "$passed of 4 modules passed"
