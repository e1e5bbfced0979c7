#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A state that makes the guest's kernel panic is a finding, with what the console said last,
# and the check goes on with the next state in a new guest.

. "$CLI/lib.sh"

needs_root
needs_guest
needs mke2fs debugfs
mkdir tree tree/d
echo hello >tree/d/file
for errors in panic continue; do
  truncate -s 16M $errors.img
  mke2fs -q -t ext4 -e $errors -d tree $errors.img || fail "mke2fs"
  block=$(debugfs -R 'blocks /d' $errors.img 2>/dev/null | tr -d ' ')
  bytes=$(dumpe2fs -h $errors.img 2>/dev/null | sed -n 's/^Block size: *//p')
  # One write that may be lost, over the directory.
  cat >workload <<WORKLOAD
#!/bin/bash
head -c $bytes /dev/zero | tr '\\0' Z | dd of="\$POWERCUT_DEVICE" bs=$bytes seek=$block \
  conv=notrunc oflag=direct status=none
WORKLOAD
  expect 0 record --on loop --image $errors.img --block-size 512 -o $errors.log -- bash "$PWD/workload"
done
expect 1 check panic.log --base panic.img --checker usable:ext4 --atomic write --jobs 1 --json panic.json
says out 'panic forced after error'
json panic.json 'ended == "decided" and runs >= 2'
json panic.json 'any("Call Trace" in f["output"] for f in findings)'
expect 1 check continue.log --base continue.img --checker usable:ext4 --atomic write --jobs 1 --json continue.json
json continue.json 'not any("panic" in f["summary"] for f in findings)'
