#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is asked wrongly is said so, and the log is never written over.

. "$CLI/lib.sh"

golden_log golden.log
cp golden.log original
log=(golden.log --size 64M)
show report
show report "${log[@]}"
show report "${log[@]}" -o a.html --text
show report "${log[@]}" --text --svg a.svg
show report "${log[@]}" --text --check check.json
show report "${log[@]}" --svg a.svg --ascii
show report "${log[@]}" --text --by place
show report "${log[@]}" --text --by time
show report "${log[@]}" --text --from end --to start
show report "${log[@]}" --text --from mark:nowhere
show report "${log[@]}" --text --fault lost-write:1000000
show report "${log[@]}" -o golden.log
show report "${log[@]}" --svg golden.log
show report "${log[@]}" -o nowhere/a.html
show report "${log[@]}" -o .
show report missing.log -o a.html
cmp golden.log original || fail "the log was written over"
if [ -e a.html ] || [ -e a.svg ]; then fail "a report was written"; fi
