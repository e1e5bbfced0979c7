#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# 1 to 2 keeps the certificate; 2 to 1 gives the old log back to the byte.

. "$CLI/lib.sh"

golden_log golden.log
show log convert golden.log -o new.log --size 64M
show log info new.log
show log verify new.log
show log convert new.log -o back.log --format 1
cmp golden.log back.log && echo "the same bytes came back"
expect 0 replay golden.log --size 64M -o old.img
expect 0 replay new.log -o new.img
expect 0 replay back.log --size 64M -o back.img
cmp old.img new.img || fail "the converted log replays to something else"
cmp old.img back.img || fail "the log that came back replays to something else"
