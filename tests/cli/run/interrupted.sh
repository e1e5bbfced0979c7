#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Ctrl-C ends a run; what was finished by then is told, though it stood behind what was not.

. "$CLI/lib.sh"

needs_root
needs e2fsck
for name in a b; do
  cat >"$name.scenario" <<SCENARIO
about quick
fs none
checker command:cat {}
script {
  echo "$name" | dd of="\$POWERCUT_DEVICE" bs=4096 count=1 conv=sync,fsync status=none
}
SCENARIO
done
cat >slow.scenario <<SCENARIO
about slow
fs none
checker command:cat {}
script {
  touch "$PWD/slow_runs"
  sleep 60
}
SCENARIO
# One whose checker cannot begin leaves nothing in the way of the next on such a disk.
sed 's/^checker .*/checker command:false {}/' a.scenario >never.scenario
cp never.scenario neither.scenario
expect 3 run never.scenario neither.scenario --json never.json
json never.json 'all("not content with the fresh disk" in s["why"] for s in scenarios)'
expect 0 run a.scenario b.scenario --json quick.json
json quick.json 'as_expected == 2'
"$POWERCUT" run slow.scenario a.scenario b.scenario --jobs 2 --keep kept --keep-all --json i.json \
  --junit i.xml >out 2>err &
pid=$!
ended() { [ -e slow_runs ] && [ -e kept/b.scenario ]; }
poll 30 ended
kill -INT "$pid"
wait_for "$pid" 10
if [ "$code" -ne 130 ]; then fail "exit $code: $(cat err)"; fi
json i.json 'interrupted and [s["name"] for s in scenarios] == ["a", "b"] and as_expected == 2'
says i.xml 'tests="2"'
no_leftovers
