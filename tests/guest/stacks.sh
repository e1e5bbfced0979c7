#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: stacks.sh [NAME...]
#
# Stacks of devices: of each pair the broken one is found and the sound one is clean, and
# what was lost is told by device. Without names: those of dm-clone, whose kernel module
# is built here, and the live power failures, and what has to do with stacks beside pairs.
# With "all": every one of the library.

guest_tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/guest/lib.sh
. "$guest_tests/lib.sh"
needs python3
begin
library=$guest_tests/../../scenarios/library/stacks
names=("$@")
if [ "${#names[@]}" -eq 0 ]; then
  names=(clone-flush-broken clone-flush-sound clone-one-domain clone-prefixes-blind
    live-ext4-broken live-ext4-sound)
elif [ "${names[0]}" = all ]; then
  mapfile -t names < <(cd "$library" && ls -- *.scenario | sed 's/\.scenario$//')
fi

skipped=0
for name in "${names[@]}"; do
  "$POWERCUT" run "$library/$name.scenario" --jobs 1 --time 600 --json run.json --keep kept --keep-all \
    >out 2>err
  code=$?
  if [ "$code" -eq 77 ]; then
    echo "   $name: $(grep -m 1 -o 'SKIP.*' out err)"
    skipped=$((skipped + 1))
    continue
  fi
  if [ "$code" -ne 0 ]; then
    wrong "$name: exit code $code: $(cat out err)"
    continue
  fi
  head -n 1 out | cut -c 1-150
  if [ "$name" = clone-flush-broken ]; then cp run.json broken.json; fi
  if [ "$name" = live-ext4-broken ]; then cp run.json live.json; fi
  python3 - "$name" run.json <<'PYTHON' || wrong "$name: its report"
import json, sys
name, result = sys.argv[1], json.load(open(sys.argv[2]))["scenarios"][0]
found = result["findings"]
print(name, len(found), "findings")
if name.endswith("-broken"):
    assert found and all(f["complaints"] for f in found), "nothing was found"
    if not name.startswith("live"):  # one device: the id of the state says it all
        assert any("lost" in line for f in found for line in f["lost"]), "by which device?"
else:
    assert not found, found
PYTHON
done
if [ "$skipped" -eq "${#names[@]}" ]; then
  cd / && rm -rf --one-file-system "$scratch"
  skip "nothing of this could be run here"
fi

if [ "$#" -gt 0 ]; then end "${#names[@]} stacks, $skipped skipped"; fi

# What does not even judge the state before is kept, if that is asked for.
cat >unwilling.scenario <<'SCENARIO'
about verify is not content with anything
disk a 64K
expect clean
script {
  powercut mark prepared
  powercut blocks write --blocks 0-3 --generation 1 --flush "$a"
}
verify {
  exit 1
}
SCENARIO
"$POWERCUT" run unwilling.scenario --jobs 1 --keep unwilling >out 2>err
if [ $? -ne 3 ] || ! grep -q 'not content .*the log is kept: unwilling/unwilling.log' out; then
  wrong "unwilling: $(cat out err)"
fi
"$POWERCUT" log verify unwilling/unwilling.log >out 2>&1 || wrong "the kept log: $(cat out)"

# A kept log is judged again, without the run around it; it is of three devices, and not
# to be taken for another stack.
log=$(ls kept/clone-flush-broken*.log 2>/dev/null)
if [ -n "$log" ]; then
  # As it was told to do it; of the last run, the others overwrote nothing.
  again=$(python3 -c 'import json; print(json.load(open("broken.json"))["scenarios"][0]["check"])')
  bash -c "\"\$0\" ${again#powercut } --stop-after 1 --jobs 1" "$POWERCUT" >out 2>err
  if [ $? -ne 1 ] || ! grep -q 'dest lost' out; then wrong "check: $(cat out err)"; fi
  # The states of live failures, and no others.
  if [ -e live.json ]; then
    again=$(python3 -c 'import json; print(json.load(open("live.json"))["scenarios"][0]["check"])')
    bash -c "\"\$0\" ${again#powercut } --jobs 1 --json live.json" "$POWERCUT" >out 2>err
    code=$?
    states=$(python3 -c 'import json; print(json.load(open("live.json"))["states_decided"])')
    if [ $code -ne 1 ] || [ "$states" != 8 ]; then wrong "live: $code, $states: $(cat out err)"; fi
  fi
  "$POWERCUT" log info "$log" >out
  grep -q 'device 1 .*dest: 128 KiB.* domain 1' out || wrong "log info: $(cat out)"
  "$POWERCUT" check "$log" --checker "stack:${log%.log}.scenario a b" >out 2>err
  if [ $? -ne 2 ] || ! grep -q 'has 3 devices, and the stack is made of 2' err; then
    wrong "two names for three disks: $(cat out err)"
  fi
fi
end "${#names[@]} stacks, $skipped skipped"
