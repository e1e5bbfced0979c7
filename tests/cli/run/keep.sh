#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# --keep leaves log, disk and scenario of what did not end as expected, and the command
# that `run` prints finds the same in them.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4 e2fsck
library=$CLI/../../scenarios/library
sed 's/^expect finding/expect clean/' "$library/pairs/ext4-writeback-stale-broken.scenario" \
  >stale.scenario
cp "$library/pairs/ext4-writeback-stale-sound.scenario" sound.scenario
expect 1 run stale.scenario sound.scenario --keep 'kept here' --json run.json
(cd 'kept here' && stat -c '%n %A' -- *)
json run.json '[s["name"] for s in scenarios if "log" in s] == ["stale"]'

line=$(grep -m 1 'kept: ' out)
eval "set -- ${line#*kept: powercut }" || fail "the shell cannot read: $line"
expect 1 "$@" --json check.json
# Lines are counted in the kept file, which has no comments. `run` stops after a few.
python3 - run.json check.json >&2 <<'PYTHON' || fail "check finds something else"
import json, re, sys
run, check = (json.load(open(name)) for name in sys.argv[1:])
plain = lambda text: re.sub(r" \(line \d+\)", "", text)
ran = {plain(c) for f in run["scenarios"][0]["findings"] for c in f["complaints"]}
checked = {plain(c["summary"]) for f in check["findings"] for c in f["complaints"]}
print(ran, checked, sep="\n")
sys.exit(not (ran and ran <= checked and all("stale" in text for text in checked)))
PYTHON

# Every state that was found is found again by its id.
python3 -c 'import json
for id in {f["id"] for f in json.load(open("run.json"))["scenarios"][0]["findings"]}: print(id)' \
  >ids
[ -s ids ] || fail "no state was told"
while IFS= read -r id; do
  expect 1 "$@" --state "$id"
  says out 'stale block'
done <ids
eval "set -- $(sed -n 's/.*reproduce: powercut //p' out | head -n 1)"
if [ $# -gt 0 ]; then expect 1 "$@"; fi

# Without the scenario nobody has promised anything: the file system itself is whole.
expect 0 check 'kept here/stale.log' --base 'kept here/stale.base' --from mark:begin

# A scenario that is not the recorded one: `ack 1` is the creation now, or none at all.
cd 'kept here' || fail "no directory"
sed 's/^workload {/&\n  mkdir early/' stale.scenario >other.scenario
show check stale.log --base stale.base --scenario other.scenario
sed -e '/^  append/,/fsync other/d' -e '/^  fsync/d' stale.scenario >short.scenario
show check stale.log --base stale.base --scenario short.scenario
cat >script.scenario <<'SCENARIO'
fs ext4
script {
  true
}
verify {
  echo "have it"
}
SCENARIO
show check stale.log --base stale.base --scenario script.scenario
show check stale.log --base stale.base --scenario missing.scenario
cd ..

# All that end as expected too, and each of two of one name.
mkdir sub
cp sound.scenario sub
expect 0 run sound.scenario sub --keep all --keep-all --jobs 2
(cd all && echo *)
cmp all/sound.log all/sound-2.log >&2 && fail "two recordings, and one log"
for name in sound sound-2; do
  expect 0 check "all/$name.log" --base "all/$name.base" --scenario "all/$name.scenario"
  says out 'every permitted state is clean'
done
show run sound.scenario --keep-all
: >file
expect 3 run stale.scenario --keep file/below
says out 'cannot keep stale in file/below'
