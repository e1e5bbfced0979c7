#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A state is served as a file that e2fsck takes, until Ctrl-C; then nothing is left.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
serve golden.log --size 64M --to mark:mkfs
e2fsck -fn "$disk" >&2 || fail "e2fsck is not content with the state after mkfs"
expect 0 replay golden.log --size 64M --to mark:mkfs -o disk.img
cmp "$disk" disk.img || fail "the served disk is not the replayed one"
says serve.err 'serving until Ctrl-C'
# Writes go to a scratch overlay.
printf X | dd of="$disk" bs=1 seek=5000000 conv=notrunc status=none || fail "no write"
cmp "$disk" disk.img >&2 && fail "the write did not take"
kill -INT "$pid"
wait_for "$pid" 5
if [ "$code" -ne 0 ]; then fail "exit $code: $(<serve.err)"; fi
no_leftovers
serve golden.log --size 64M --to mark:mkfs
cmp "$disk" disk.img || fail "the write outlived the server"
kill -TERM "$pid"
wait_for "$pid" 5
if [ "$code" -ne 0 ]; then fail "exit $code after SIGTERM"; fi
no_leftovers
