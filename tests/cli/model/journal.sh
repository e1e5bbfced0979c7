#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A journal that submits its flush too early is found by the order of submissions, and not
# by that of completions.

. "$CLI/lib.sh"

if [ ! -c /dev/fuse ]; then skip "needs /dev/fuse"; fi

for form in "" --late; do
  # shellcheck disable=SC2086  # it may be no word
  expect 0 model journal --fault $form -o faulty.log
  expect 1 check faulty.log --checker model:journal --json report.json
  says out 'is committed, and data block'
  json report.json 'complete'
done
expect 0 model journal --fault -o faulty.log
expect 0 check faulty.log --checker model:journal --model ordered
# A log that knew submissions keeps what it knew, in format 1 too.
expect 0 log convert faulty.log --format 1 -o faulty.1
expect 1 check faulty.1 --size 92K --checker model:journal
# One that never knew them cannot.
expect 0 model journal --fault --order completion -o seen.log
expect 0 check seen.log --checker model:journal --json report.json
json report.json 'complete'
expect 0 log convert seen.log --format 1 -o seen.1
expect 0 check seen.1 --size 92K --checker model:journal

expect 0 model journal -o sound.log
expect 0 check sound.log --checker model:journal --audit 1 --json report.json
says out 'every permitted state is clean'
json report.json 'complete and audited > 0'
cat >promised.scenario <<'SCENARIO'
fs none
checker model:journal
script {
  powercut model journal
}
verify {
  true
}
SCENARIO
expect 0 check sound.log --scenario promised.scenario
# The last commit record, without which all is as it was before.
expect 0 log list sound.log --json
seq=$(python3 -c '
import json, sys
events = [json.loads(line) for line in sys.stdin]
print([e["seq"] for e in events if e["type"] == "submit" and e.get("fua")][-1])' <out)
expect 0 check sound.log --checker model:journal --fault "lost-write:$seq"
expect 1 check sound.log --scenario promised.scenario --fault "lost-write:$seq"
says out "'transaction 11' was acknowledged and is not there"
