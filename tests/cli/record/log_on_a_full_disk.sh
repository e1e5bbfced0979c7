#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A log is readable where it lies, even if its tmpfs is full.

. "$CLI/lib.sh"

small_disk small 6M
needs mkfs.ext4
"$POWERCUT" record --on loop --fs ext4 --size 32M -o small/run.log -- \
  sh -c 'dd if=/dev/urandom of=f bs=64k count=200 conv=fsync status=none 2>/dev/null' 2>err
expect 0 log info small/run.log
