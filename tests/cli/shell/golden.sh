#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A walk over the golden log: places, windows, writes, states, blocks and files.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
walk() {
  show shell golden.log --size 64M --atomic write --block-size 1K --eval "$1"
}
walk 'info; marks --count 3; goto flush 12; next flush; prev mark; next fua; next'
walk 'goto mark f5; prev write; prev write; window; writes --count 8; writes durable --count 2'
walk 'goto write 197; drop 195 187; state; keep 187; state; keep only 195; keep all; state'
walk 'state c388.w.all-187; owner @4475904; find block 4371; history of block 4371'
walk 'goto mark f5; ls; ls / --raw; stat /f1; cat /f1; cat f1 --hex --from 2 --bytes 3'
walk 'diff mark:f4 mark:f5; diff . .'
walk 'goto flush 2; export state.img'
expect 0 replay golden.log --size 64M --to flush:2 -o replayed.img
cmp state.img replayed.img || fail "nothing is pending there, so both are one"
