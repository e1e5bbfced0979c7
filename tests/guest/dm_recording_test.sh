#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Boots a guest and runs dm_recording.sh in it.

guest_tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/guest/lib.sh
. "$guest_tests/lib.sh"
begin

disk disk.img 64M
disk disk2.img 64M
disk log.img 256M
disk small.img 12M
in_guest parts.out --load fuse --disk disk.img --disk disk2.img --disk log.img \
  --disk small.img -- bash "$guest_tests/dm_recording.sh" /dev/vda /dev/vdb /dev/vdc /dev/vdd
code=$?
if [ "$code" -ne 0 ]; then wrong "exit code $code"; fi
# Six parts in each format, and three others.
passed=$(grep -c '^ok ' parts.out)
if [ "$passed" -ne 15 ]; then wrong "$passed parts passed, not 15"; fi
end "$passed parts passed"
