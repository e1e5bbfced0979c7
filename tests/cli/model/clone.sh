#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A clone that commits metadata before it flushes the destination is found, where the two
# devices have a cache each; the sound one is clean.

. "$CLI/lib.sh"

if [ ! -c /dev/fuse ]; then skip "needs /dev/fuse"; fi

expect 0 model clone --fault -o faulty.log
says out 'faulty: it commits its metadata before the destination is flushed'
expect 1 check faulty.log --checker model:clone --audit 1 --json report.json
says out 'is valid by transaction'
says out 'holds poison'
json report.json 'complete and audited > 0'
json report.json 'all(f["probe"].startswith("region ") for f in findings)'
line=$(grep -m 1 'reproduce: ' out)
eval "set -- ${line#*reproduce: powercut }"
expect 1 "$@"
says out 'holds poison'

# Completions alone never show metadata before what it tells of.
expect 0 check faulty.log --checker model:clone --model ordered --json report.json
json report.json 'complete'
# Nor is it a fault where the flush of the metadata flushes the destination too.
expect 0 model clone --fault --domain shared -o shared.log
expect 0 check shared.log --checker model:clone --json report.json
json report.json 'complete'

expect 0 model clone -o sound.log
expect 0 check sound.log --checker model:clone --audit 1 --json report.json
says out 'every permitted state is clean'
json report.json 'complete and audited > 0 and int(states_permitted) > 1000'
# What the user was promised is a matter of the marks: a scenario has them held to account.
cat >promised.scenario <<'SCENARIO'
fs none
checker model:clone
script {
  powercut model clone
}
verify {
  true
}
SCENARIO
expect 0 check sound.log --scenario promised.scenario --json report.json
json report.json 'complete'
expect 1 check sound.log --scenario promised.scenario --fault ignore-flush:all
says out 'was acknowledged and is not there'

# Same seed, same log; another one, another log, as sound.
expect 0 model clone -o again.log
cmp sound.log again.log || fail "the same options made another log"
expect 0 model clone --seed 2 -o other.log
if cmp -s sound.log other.log; then fail "the seed has no effect"; fi
expect 0 check other.log --checker model:clone --json report.json
json report.json 'complete'
