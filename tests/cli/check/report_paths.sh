#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A report never takes the place of what the check reads or keeps, nor of another report,
# nor of a device node; and one that would not be written is refused.

. "$CLI/lib.sh"

needs e2fsck
golden_log golden.log
ln -s golden.log link.log
flags=(golden.log --size 64M --atomic write --to flush:6)
expect 0 check "${flags[@]}" --results r.db
cp r.db before.db
show check "${flags[@]}" --results r.db --json r.db
show check "${flags[@]}" --results r.db --junit ./r.db
show check "${flags[@]}" --json same --junit same
show check "${flags[@]}" --json link.log
show check "${flags[@]}" --junit -
show check "${flags[@]}" --state c1.w.all --json one.json
show check "${flags[@]}" --mutate-flushes --require-complete
cmp r.db before.db || fail "the results file was changed"
if [ -e same ] || [ -e one.json ] || [ -e - ]; then fail "a report was written"; fi
golden_log again.log
cmp golden.log again.log || fail "the log was changed"
# Written in place.
mkfifo fifo
cat fifo >from_fifo &
expect 0 check "${flags[@]}" --json fifo
wait $!
json from_fifo 'complete'
[ -p fifo ] || fail "the FIFO is gone"
show report golden.log --size 64M -o fifo
show replay golden.log --size 64M --to end -o fifo
show model order -o fifo
show log convert golden.log --format 2 --size 64M -o fifo
[ -p fifo ] || fail "the FIFO is gone"
