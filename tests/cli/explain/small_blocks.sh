#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Blocks of 1 KiB in units of 4 KiB: what a unit lacks is then a part of a block of several
# writes, and is named all the same.

. "$CLI/lib.sh"

needs_root
needs e2fsck

expect 0 record --on loop --fs ext4 --mkfs-options '-b 1024' --size 16M -o run.log -- \
  sh -c 'mkdir mail; echo hello > mail/new; sync mail/new; mv mail/new mail/letter; sync mail'
expect 0 check run.log --mutate-flushes --atomic 4096 --json m.json
grep -o 'reproduce: powercut check .*' out | head -n 3 >lines
[ -s lines ] || fail "no flush carries weight"
while read -r line; do
  eval "set -- ${line#*reproduce: powercut check }"
  expect 0 explain "$@" --json e.json
  says out 'reduced    it is enough that'
  json e.json 'all(w["length_bytes"] > 0 and w["kind"] in ("lost", "torn", "landed", "partly-landed") for w in writes)'
done <lines
expect 1 check run.log --atomic 4096 --fault ignore-flush:all --stop-after 40 --explain --json c.json
json c.json 'len(findings) >= 40 and all("explanation" in f for f in findings)'
