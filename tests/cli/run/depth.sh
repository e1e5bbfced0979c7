#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# depth 2: power cuts during recovery are part of a scenario, in `run` and in `check`.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4 e2fsck python3
library=$CLI/../../scenarios/library/pairs
# As `told`, without what was counted of recoveries.
plain() { sed -e 's/ [0-9]* recoveries with [0-9]* states, [0-9]* runs,//' "$1" | told /dev/stdin; }
expect 0 run "$library"/recovery-crash-ext4-{broken,sound}.scenario --json pair.json
plain out
json pair.json '[s["findings"] for s in scenarios] == [[], []]'
json pair.json 'len(scenarios[1]["recoveries"]) > 3'
json pair.json '(all(r["decided"] and r["findings"] == [] and int(r["states_permitted"]) > r["writes"] > 0
  for r in scenarios[1]["recoveries"]))'
json pair.json 'len(scenarios[0]["recoveries"][-1]["findings"]) > 0'

echo "With expectations that are wrong:"
sed 's/^expect finding.*/expect clean/' "$library/recovery-crash-ext4-broken.scenario" >broken.scenario
sed 's/^expect clean/expect finding/' "$library/recovery-crash-ext4-sound.scenario" >sound.scenario
sed '/^recovery-fault/d' broken.scenario >mended.scenario
sed '/^depth/d; /^recovery-fault/d' broken.scenario >once.scenario
expect 1 run broken.scenario sound.scenario --keep kept
plain out
says out '        in the recovery of c'
expect 0 run mended.scenario
expect 0 run once.scenario --json once.json
json once.json 'scenarios[0]["recoveries"] == []'

# The kept log tells the same; what it keeps of recoveries does by itself.
expect 1 check kept/broken.log --base kept/broken.base --scenario kept/broken.scenario \
  --keep-recoveries recoveries
says out 'finding    in the recovery of c'
line=$(grep -m 1 'reproduce: ' out)
eval "set -- ${line#*reproduce: powercut }"
expect 1 "$@"
expect 0 check kept/broken.log --base kept/broken.base --scenario kept/broken.scenario --depth 1
expect 0 check kept/sound.log --base kept/sound.base --scenario kept/sound.scenario
says out 'interrupted anywhere, it ends clean'

echo "Where nothing is recovered nothing is proved:"
printf '%s\n' 'fs ext4' 'depth 2' 'checker command:e2fsck -fn {}' 'script {' '  true' '}' \
  >nothing.scenario
expect 3 run nothing.scenario
plain out
printf '%s\n' 'fs ext4' 'recovery-fault ignore-fua' 'workload {' '  sync' '}' >alone.scenario
show run alone.scenario
no_leftovers
