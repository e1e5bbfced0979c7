#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# With --read-only every way to write is refused.

. "$CLI/lib.sh"

needs_root
golden_log golden.log
serve golden.log --size 64M --to end --read-only
before=$(sha256sum <"$disk")
printf X 2>/dev/null >"$disk" && fail "it was opened for writing"
dd if=/dev/zero of="$disk" bs=512 count=1 conv=notrunc status=none 2>/dev/null && fail "dd wrote"
rm -f "$disk" 2>/dev/null
truncate -s 0 "$disk" 2>/dev/null && fail "it was truncated"
if [ "$(sha256sum <"$disk")" != "$before" ]; then fail "the bytes changed"; fi
kill -INT "$pid"
wait_for "$pid" 5
if [ "$code" -ne 0 ]; then fail "exit $code"; fi
