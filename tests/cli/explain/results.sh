#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# All findings of a check explained at once, and one of them again by its number in the
# results file, in which every run that it takes is kept by then.

. "$CLI/lib.sh"

needs_root
needs e2fsck python3
golden_log golden.log
flags=(--size 64M --atomic write --fault ignore-flush:4)
expect 1 check golden.log "${flags[@]}" --stop-after 30 --jobs 1 --explain --results r.db --json c.json --junit c.xml
says out 'reduced:   it is enough that'
says out 'holds: journal: copy of'
says out 'other sets of complaints'
# Each is explained, by as few writes as its own reduced state lacks or has; and what is to
# blame is a part of what tells causes apart.
json c.json 'len(findings) >= 30 and notes == []'
json c.json 'all(f["explanation"]["minimal"] and f["explanation"]["writes"] for f in findings)'
json c.json 'all(f["cause"] in f["signature"] for f in findings)'
json c.json 'len({f["cause"] for f in findings}) < len({f["signature"] for f in findings}) < len(findings)'
grep -q 'reduced    it is enough that' c.xml || fail "nothing is explained in the JUnit file"
# The page shows it.
expect 0 report golden.log --size 64M --check c.json -o page.html
says page.html 'covers it, and is ignored by the fault'

mkdir elsewhere
cd elsewhere || exit 1
expect 0 explain --results ../r.db --finding 2 --json two.json
json two.json 'runs <= 1 and asked > 10 and minimal'
id=$(python3 -c 'import json; print(json.load(open("../c.json"))["findings"][1]["id"])')
json two.json "finding == '$id'"
grep -v ^decided out >by_number
expect 0 explain --results=../r.db --finding="$id" --jobs 1
grep -v ^decided out | diff by_number - || fail "the same finding, and another explanation"
# Without the file each state takes its run.
cd .. || exit 1
expect 0 explain golden.log --state "$id" "${flags[@]}" --json alone.json
json alone.json 'runs > 3'
show explain --results r.db --finding 0
show explain --results r.db --finding c1.w.all
show explain --results none.db --finding 1
show explain --finding 1
expect 0 check golden.log --size 64M --atomic write --to flush:6 --results clean.db
show explain --results clean.db --finding 1
show check golden.log --size 64M --state c1.w.all --explain
