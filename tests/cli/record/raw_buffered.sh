#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a workload writes to the raw disk through the page cache is in the log, in front of
# its end, whether it was synced or not; and no flush is added to it. The workload is a
# script that is named from where we are.

. "$CLI/lib.sh"

needs_root
cat >write.sh <<'WRITE'
#!/bin/sh
printf hello >"$POWERCUT_DEVICE"
WRITE
chmod +x write.sh
expect 0 record --on loop --size 1M --keep-image disk.img -o run.log -- ./write.sh
expect 0 log verify run.log --device disk.img
says out 'equal to the end of the log'
[ "$(head -c 5 disk.img)" = hello ] || fail "it was not written"
expect 0 log list run.log
sed -n '/ write dev 0 /,$p' out >behind
[ -s behind ] || fail "no write: $(<out)"
if sed -n '/mark end/,$p' out | grep -q write; then fail "a write behind the end: $(<out)"; fi
if grep -q flush behind; then fail "a flush that nobody asked for: $(<out)"; fi
# On a file system too.
expect 0 record --on loop --fs ext4 --size 16M -o fs.log -- ./write.sh
