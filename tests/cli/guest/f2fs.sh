#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# f2fs, which this machine's kernel and a cloud kernel may not have: recorded and judged in a
# guest with a kernel that has it.

. "$CLI/lib.sh"

needs_root
needs_guest
needs mkfs.f2fs fsck.f2fs
module=$(find /lib/modules -name "f2fs.ko*" | sort -V | tail -n 1)
if [ -z "$module" ]; then skip "no kernel with f2fs: install linux-image-amd64"; fi
version=${module#/lib/modules/}
kernel=/boot/vmlinuz-${version%%/*}
expect 0 record --on guest --recorder served --kernel "$kernel" --fs f2fs --size 128M -o f2fs.log -- \
  sh -c 'for i in 1 2 3; do echo hello $i >f$i; sync f$i; done; mkdir d; mv f1 d; sync'
expect 0 check f2fs.log --checker f2fs --kernel "$kernel" --share 0.2 --confidence 0.8 --json f2fs.json
json f2fs.json 'tier == "inferred" and inferred_all and findings == []'
expect 1 check f2fs.log --checker f2fs --kernel "$kernel" --fault ignore-flush:all --stop-after 1
says out 'under the fault ignore-flush:all'
