#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A command that cannot be ends a script with its exit code, one line, and a hint.

. "$CLI/lib.sh"

golden_log golden.log
try() {
  show shell golden.log --size 64M --eval "$1; echo-what-is-not-run"
}
for command in frobnicate 'goto nowhere' goto 'goto flush 99' 'goto flush -1' \
  'goto flush 99999999999999999999999' 'goto time 1' 'goto mark none' 'next week' \
  'goto end; next flush' 'goto start; prev' 'writes some' 'writes --count' 'drop 5' 'drop x' \
  'drop 99999999999999999999' drop 'keep' 'state c9999999.w.all' 'state x' 'owner' 'owner -1' \
  'owner 99999999' 'owner @67108864' 'owner 1 of 7' 'find block 99999999' 'find block x' \
  'history of block' 'diff . nowhere' 'diff .' 'goto start; ls' 'cat' 'umount' 'export /' \
  'help me' 'cat "x' 'mount /nowhere/at/all' 'quit now'; do
  try "$command"
done
show shell
show shell golden.log --size 64M --block-size 1000 --eval info
show shell golden.log --size 64M --cross-check --eval info
show shell nowhere.log --eval info
# Of a log, or of a line, that is none.
head -c 70000 /dev/zero | tr '\0' x >long
expect 2 shell golden.log --size 64M - <long
says err 'a line of 70000 bytes'
head -c 3000000 /dev/zero | tr '\0' x >longer
expect 2 shell golden.log --size 64M - <longer
says err 'has no end'
head -c 300 /dev/urandom | tr -d '\n' >noise
"$POWERCUT" shell golden.log --size 64M - <noise >out 2>err
code=$?
if [ "$code" -ne 2 ] && [ "$code" -ne 0 ]; then fail "exit $code of noise"; fi
if LC_ALL=C grep -q "$(printf '[\001-\010\033]')" err; then fail "control characters came through"; fi
