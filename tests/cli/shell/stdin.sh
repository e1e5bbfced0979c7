#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Commands come from stdin where it is no terminal; no history is kept of them.

. "$CLI/lib.sh"

golden_log golden.log
printf 'goto flush 3 # a comment\n\nnext mark; prev mark\nquit\nfrobnicate\n' >commands
expect 0 shell golden.log --size 64M <commands
cat out
cp out first
expect 0 shell golden.log --size 64M - <commands
cmp out first || fail "- is stdin too"
# --eval comes alone, whatever stdin holds.
expect 0 shell golden.log --size 64M --eval 'goto start' --eval marks <commands
head -n 2 out
printf 'goto flush 3' >commands
expect 0 shell golden.log --size 64M <commands
cat out
expect 0 shell golden.log --size 64M </dev/null
cat out
if [ -e "$HOME/.local/state/powercut" ]; then fail "there is a history of a script"; fi
