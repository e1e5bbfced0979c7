#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `check` of the shell says what check --state says, and a finding is an exit code of 1.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
flags=(--size 64M --atomic write --fault ignore-flush:4)
expect 1 check golden.log "${flags[@]}" --stop-after 1 --jobs 1
id=$(sed -n 's/.* --state \([^ ]*\).*/\1/p' out | head -n 1)
if [ -z "$id" ]; then fail "no id in the finding"; fi
expect 1 check golden.log --size 64M --fault ignore-flush:4 --state "$id"
cp out expected
# What was found does not end the commands.
expect 1 shell golden.log "${flags[@]}" --eval "state $id; check; goto mark mkfs; check"
says out "state      $id"
sed -n '/^verdict/,$p' expected | while IFS= read -r line; do says out "$line"; done || exit 1
says out 'verdict    clean'
# And the id of a state that was put together is taken by check.
expect 0 shell golden.log --size 64M --atomic write \
  --eval 'goto write 180; drop 175 178; state; check'
id=$(sed -n 's/^state      //p' out | head -n 1)
grep '^verdict' out >here
expect 0 check golden.log --size 64M --state "$id"
grep '^verdict' out | cmp - here || fail "another verdict for $id"
expect 0 shell golden.log --size 64M --checker command:'true {}' --eval 'goto flush 2' --eval state
# A checker that reads nothing can judge nothing: that ends the commands.
expect 3 shell golden.log --size 64M --checker 'command:true {}' --eval 'check; marks'
silent_on out mkfs
no_leftovers
