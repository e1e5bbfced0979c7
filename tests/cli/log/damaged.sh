#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Torn, hostile, compressed, empty, missing: a message each, exit 3, at every verb.

. "$CLI/lib.sh"

golden_log golden.log
: >empty.log
head -c 511 golden.log >superblock_torn.log
printf 'hello world, this is no log at all' >text.log
head -c 1M /dev/zero >zeros.log
cp "$CLI/../golden/upstream-ext4-sync/log.zst" log.zst
gzip -c <text.log >log.gz
mkdir directory.log
mkfifo pipe.log
for log in empty superblock_torn text zeros missing directory pipe; do
  show log info $log.log
done
show log info log.zst
show log info log.gz
show log verify text.log
show log list text.log
show log convert text.log -o new.log
show replay text.log -o disk.img
show check text.log
show mount text.log --to end
ls
