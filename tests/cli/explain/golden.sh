#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Findings of a real log explained: which write is to blame, what it holds, which flush
# should have covered it. And the reduced set is minimal: put right, the finding goes.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
flags=(--size 64M --fault ignore-flush:4 --jobs 1)
# A directory block without the inode that it names.
show explain golden.log --state c258.w.none+118 "${flags[@]}" --json one.json
# Two are lost here, and a copy in the journal is enough. (e2fsck dies of what follows, and
# prints where, which is another place each time.)
expect 0 explain golden.log --state c225.w.all-106-110 "${flags[@]}" --json two.json
says out 'it is enough that 1 write of 11 pending goes wrong'
says out 'holds: journal: copy of group descriptors (transaction 2)'
says out 'flush 4 (entry 112) covers it, and is ignored by the fault'
# A torn one: half of a block of the journal, which is named for what all of it is; and of
# another atomic unit than the others.
show explain golden.log --state c258.512.all:d0u32773=96 "${flags[@]}"
for report in one two; do
  json $report.json 'len(writes) >= 1 and minimal and runs <= asked and runs <= 40'
  failing=$(sed -n 's/^  "state": "\(.*\)",/\1/p' $report.json)
  sound=$(sed -n 's/^  "sound": "\(.*\)",/\1/p' $report.json)
  expect 1 check golden.log --state "$failing" "${flags[@]}"
  expect 0 check golden.log --state "$sound" "${flags[@]}"
done
