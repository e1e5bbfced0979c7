#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A disk that gets full: exit 3, no partial file, and the old file stays.

. "$CLI/lib.sh"

small_disk small 512K
golden_log golden.log
echo precious >small/disk.img
show replay golden.log --size 64M -o small/disk.img
show replay golden.log --size 64M -o small/other.img
ls -A small
if [ "$(<small/disk.img)" != precious ]; then fail "the old file is gone"; fi
